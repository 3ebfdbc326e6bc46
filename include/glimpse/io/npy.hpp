// npy: one array in NumPy's own format.
//
//   "\x93NUMPY" major minor | length of the header (2 bytes, 4 from version 2) | header | numbers
//   header: a Python dictionary  {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
//
// Source: numpy.org, "NEP 1, a simple file format for NumPy arrays".
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include <glimpse/io/dtype.hpp>
#include <glimpse/io/file.hpp>

namespace glimpse::inline v0 {

namespace detail {

/// The text after 'key': in the header; empty if the key is missing.
inline std::string_view npy_value(std::string_view header, std::string_view key) {
  for (const char quote : {'\'', '"'}) {
    const std::string wanted = quote + std::string(key) + quote;
    std::size_t at = header.find(wanted);
    if (at == std::string_view::npos) continue;
    at = header.find_first_not_of(" :", at + wanted.size());
    return at == std::string_view::npos ? std::string_view{} : header.substr(at);
  }
  return {};
}

}  // namespace detail

/// Reads an array from the bytes of an npy file and converts it to T. name: the path for error
/// messages. Throws IoError for damaged bytes, for unsupported numbers (complex, big-endian,
/// objects) and for a rank over 8.
template <class T>
Tensor<T> decode_npy(std::string_view file, const std::string& name = "memory") {
  const auto broken = [&](auto... what) { fail<IoError>("npy", "'", name, "' ", what...); };
  const auto byte = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(file[i]));
  };
  if (file.size() < 10 || file.substr(0, 6) != "\x93NUMPY") broken("is no npy file");
  const bool wide = byte(6) >= 2;
  if (byte(6) < 1 || byte(6) > 3 || (wide && file.size() < 12))
    broken("is of a version that is not read here");
  const std::size_t start = wide ? 12 : 10;
  const std::size_t length = byte(8) | byte(9) << 8 | (wide ? byte(10) << 16 | byte(11) << 24 : 0);
  if (length > file.size() - start) broken("is truncated in its header");
  const std::string_view header = file.substr(start, length), data = file.substr(start + length);

  std::string_view descr = detail::npy_value(header, "descr");
  const std::string_view order = detail::npy_value(header, "fortran_order");
  std::string_view extents = detail::npy_value(header, "shape");
  if (descr.empty() || order.empty() || extents.empty())
    broken("has a header without descr, fortran_order or shape");
  const char quote = descr.front();
  descr = descr.substr(1, std::min(descr.find(quote, 1), descr.size()) - 1);
  const auto* known = std::find_if(std::begin(detail::dtypes), std::end(detail::dtypes),
                                   [&](const auto& f) { return f.npy == descr && !f.npy.empty(); });
  if (known == std::end(detail::dtypes))
    broken("holds numbers of type '", descr, "', which is not read here");
  const bool fortran = order.starts_with("True");
  if (!fortran && !order.starts_with("False"))
    broken("has a header whose fortran_order is neither True nor False");

  constexpr std::size_t most = static_cast<std::size_t>(max_elements);
  Shape shape;
  std::size_t bytes = known->bytes, reach = known->bytes, at = 1;  // reach: counts extent 0 as 1
  const std::size_t close = extents.find(')');
  if (extents.front() != '(' || close == std::string_view::npos)
    broken("has a header whose shape is malformed");
  while ((at = extents.find_first_not_of(" ,", at)) < close) {
    std::size_t extent = 0, digits = at;
    for (; extents[at] >= '0' && extents[at] <= '9' && extent < most; ++at)
      extent = extent * 10 + static_cast<std::size_t>(extents[at] - '0');
    if (at == digits || (extents[at] != ' ' && extents[at] != ',' && extents[at] != ')'))
      broken("has a header whose shape is malformed");
    if (shape.rank() == max_rank) broken("has more than ", max_rank, " axes");
    if (extent > 0 && reach > most / extent) broken("has an impossible shape");
    reach *= std::max<std::size_t>(extent, 1), bytes *= extent;
    shape.push_back(static_cast<Index>(extent));
  }
  if (data.size() < bytes)
    broken("has ", data.size(), " bytes of numbers, ", shape, " takes ", bytes);
  if (data.size() > bytes) broken("has ", data.size() - bytes, " bytes too many");

  if (!fortran || shape.rank() < 2) {
    Tensor<T> x(shape);
    decode_numbers(known->type, data.data(), x);
    return x;
  }
  Shape reversed, order_back;  // Fortran order: read the reversed shape, then permute
  for (Index a = shape.rank() - 1; a >= 0; --a)
    reversed.push_back(shape[a]), order_back.push_back(a);
  Tensor<T> x(reversed);
  decode_numbers(known->type, data.data(), x);
  return x.permute(order_back).contiguous();
}

/// The bytes of an npy file (version 1) with an array. Throws ValueError for bfloat16, because
/// NumPy has no such type.
template <class T>
std::string encode_npy(const Tensor<T>& x, DType type = dtype_of<T>()) {
  const std::string_view descr = detail::facts(type).npy;
  if (descr.empty()) fail("npy", "has no bfloat16");
  std::string header = "{'descr': '" + std::string(descr) +
                       "', 'fortran_order': False, 'shape': " + x.shape().str() + ", }";
  const std::size_t total = (10 + header.size() + 1 + 63) / 64 * 64;
  header.resize(total - 11, ' ');
  header += '\n';
  std::string file = "\x93NUMPY";
  file += {'\x01', '\x00', static_cast<char>(header.size() & 0xFF),
           static_cast<char>(header.size() >> 8)};
  return file + header + encode_numbers(type, x);
}

/// Reads an npy file as T. Throws IoError with the path and the fault.
template <class T>
Tensor<T> read_npy(const std::string& path) {
  return decode_npy<T>(read_file(path), path);
}

/// Writes an npy file. Throws IoError with the path.
template <class T>
void write_npy(const std::string& path, const Tensor<T>& x, DType type = dtype_of<T>()) {
  write_file(path, encode_npy(x, type));
}

}  // namespace glimpse::inline v0
