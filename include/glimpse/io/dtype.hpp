// dtype: the number types of files, and their conversion to and from float and double.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include <glimpse/core/tensor.hpp>
#include <glimpse/io/half.hpp>

namespace glimpse::inline v0 {

enum class DType { float16, bfloat16, float32, float64, int8, int16, int32, int64, uint8, boolean };

namespace detail {

struct DTypeFacts {
  DType type;
  std::size_t bytes;
  std::string_view safetensors, npy;  // the formats' names; npy has none for bfloat16
};
inline constexpr DTypeFacts dtypes[] = {
    {DType::float16, 2, "F16", "<f2"}, {DType::bfloat16, 2, "BF16", ""},
    {DType::float32, 4, "F32", "<f4"}, {DType::float64, 8, "F64", "<f8"},
    {DType::int8, 1, "I8", "|i1"},     {DType::int16, 2, "I16", "<i2"},
    {DType::int32, 4, "I32", "<i4"},   {DType::int64, 8, "I64", "<i8"},
    {DType::uint8, 1, "U8", "|u1"},    {DType::boolean, 1, "BOOL", "|b1"},
};
constexpr const DTypeFacts& facts(DType type) { return dtypes[static_cast<std::size_t>(type)]; }

template <class To, class From>
void widen(const char* bytes, Index count, To* out) {
  for (Index i = 0; i < count; ++i) {
    From value;
    std::memcpy(&value, bytes + i * static_cast<Index>(sizeof(From)), sizeof(From));
    out[i] = static_cast<To>(value);
  }
}
template <class To>
void widen_half(const char* bytes, Index count, To* out, float (*from)(std::uint16_t)) {
  for (Index i = 0; i < count; ++i) {
    std::uint16_t half;
    std::memcpy(&half, bytes + 2 * i, 2);
    out[i] = static_cast<To>(from(half));
  }
}

}  // namespace detail

/// Bytes of one number.
constexpr std::size_t size_of(DType type) { return detail::facts(type).bytes; }

/// The type that holds a T without loss.
template <class T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, float>)
    return DType::float32;
  else if constexpr (std::is_same_v<T, double>)
    return DType::float64;
  else if constexpr (std::is_same_v<T, bool>)
    return DType::boolean;
  else if constexpr (std::is_same_v<T, std::uint8_t>)
    return DType::uint8;
  else if constexpr (std::is_integral_v<T> && std::is_signed_v<T> && sizeof(T) == 8)
    return DType::int64;
  else if constexpr (std::is_integral_v<T> && std::is_signed_v<T> && sizeof(T) == 4)
    return DType::int32;
  else if constexpr (std::is_integral_v<T> && std::is_signed_v<T> && sizeof(T) == 2)
    return DType::int16;
  else {
    static_assert(std::is_same_v<T, std::int8_t>, "files hold no numbers of this type");
    return DType::int8;
  }
}

/// Converts little-endian bytes of `type` to numbers. `bytes` holds out.size() numbers, at any
/// alignment.
template <class T>
void decode_numbers(DType type, const char* bytes, Tensor<T>& out) {
  const Index n = out.size();
  T* to = out.data();
  switch (type) {
    case DType::float16:
      return detail::widen_half(bytes, n, to, &from_float16);
    case DType::bfloat16:
      return detail::widen_half(bytes, n, to, &from_bfloat16);
    case DType::float32:
      return detail::widen<T, float>(bytes, n, to);
    case DType::float64:
      return detail::widen<T, double>(bytes, n, to);
    case DType::int8:
      return detail::widen<T, std::int8_t>(bytes, n, to);
    case DType::int16:
      return detail::widen<T, std::int16_t>(bytes, n, to);
    case DType::int32:
      return detail::widen<T, std::int32_t>(bytes, n, to);
    case DType::int64:
      return detail::widen<T, std::int64_t>(bytes, n, to);
    case DType::uint8:
      return detail::widen<T, std::uint8_t>(bytes, n, to);
    case DType::boolean:
      for (Index i = 0; i < n; ++i) to[i] = static_cast<T>(bytes[i] != 0);
      return;
  }
}

/// Converts numbers to little-endian bytes of `type`. Integers are stored only as their own type;
/// float and double are stored as any floating type. Throws ValueError for other pairs.
template <class T>
std::string encode_numbers(DType type, const Tensor<T>& x) {
  const Tensor<T> dense = x.contiguous();
  const T* from = dense.data();
  const std::size_t n = static_cast<std::size_t>(x.size());
  std::string bytes(n * size_of(type), '\0');
  const auto put = [&](auto convert) {
    for (std::size_t i = 0; i < n; ++i) {
      const auto value = convert(from[i]);
      std::memcpy(bytes.data() + i * sizeof(value), &value, sizeof(value));
    }
  };
  if (type == dtype_of<T>()) {
    if (n > 0) std::memcpy(bytes.data(), from, bytes.size());
    return bytes;
  }
  if constexpr (std::is_floating_point_v<T>) {
    switch (type) {
      case DType::float16:
        put([](T v) { return to_float16(static_cast<float>(v)); });
        return bytes;
      case DType::bfloat16:
        put([](T v) { return to_bfloat16(static_cast<float>(v)); });
        return bytes;
      case DType::float32:
        put([](T v) { return static_cast<float>(v); });
        return bytes;
      case DType::float64:
        put([](T v) { return static_cast<double>(v); });
        return bytes;
      default:
        break;
    }
  }
  fail("encode", detail::facts(dtype_of<T>()).safetensors, " numbers are not stored as ",
       detail::facts(type).safetensors);
}

}  // namespace glimpse::inline v0
