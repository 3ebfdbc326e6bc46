// safetensors: named tensors and a map of strings in one file.
//
//   8 bytes   n, little-endian
//   n bytes   JSON  {"__metadata__": {"key": "text"},
//                    "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, ...}
//   the rest  the numbers, row-major; offsets count from here; the tensors cover every byte once
//
// The file may come from anywhere, so lengths, offsets, shapes and names are all checked before
// use. Errors name the path and the fault. Source: the format's page at
// huggingface.co/docs/safetensors.
#pragma once

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <glimpse/io/dtype.hpp>
#include <glimpse/io/file.hpp>

namespace glimpse::inline v0 {

/// A file in memory with a checked header. Numbers are converted on request.
class Safetensors {
 public:
  struct Entry {
    std::string name;
    DType type;
    Shape shape;
    std::size_t begin, end;  // bytes from the start of the numbers
  };

  /// Reads and checks a file. Throws IoError with the path and the fault.
  explicit Safetensors(const std::string& path, std::uintmax_t limit = default_file_limit)
      : Safetensors(read_file(path, limit), path) {}
  /// Checks the bytes of a file. name: the path for error messages. Throws IoError.
  Safetensors(std::string bytes, std::string name)
      : bytes_(std::move(bytes)), path_(std::move(name)) {
    parse();
  }

  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// The entries, in the order of their numbers in the file.
  const std::vector<Entry>& entries() const { return entries_; }
  bool contains(const std::string& name) const { return find(name) != nullptr; }

  /// One tensor, converted to T. Throws IoError for an unknown name.
  template <class T>
  Tensor<T> get(const std::string& name) const {
    const Entry* entry = find(name);
    if (!entry) broken("has no tensor '" + name + "'");
    return get<T>(*entry);
  }
  template <class T>
  Tensor<T> get(const Entry& entry) const {
    Tensor<T> x(entry.shape);
    decode_numbers(entry.type, bytes_.data() + data_ + entry.begin, x);
    return x;
  }

 private:
  using Json = nlohmann::json;

  [[noreturn]] void broken(const std::string& what) const {
    fail<IoError>("safetensors", "'", path_, "' ", what);
  }
  const Entry* find(const std::string& name) const {
    for (const Entry& entry : entries_)
      if (entry.name == name) return &entry;
    return nullptr;
  }

  void parse() {
    if (bytes_.size() < 8)
      broken("has " + std::to_string(bytes_.size()) + " bytes, a header takes at least 8");
    std::uint64_t length = 0;
    std::memcpy(&length, bytes_.data(), 8);
    if (length > bytes_.size() - 8)
      broken("reports a header of " + std::to_string(length) + " bytes, " +
             std::to_string(bytes_.size() - 8) + " are left: truncated, or no safetensors file");
    if (length > max_header)
      broken("has a header of " + std::to_string(length) + " bytes, over the limit");
    data_ = 8 + static_cast<std::size_t>(length);
    const Json header =
        parse_header(std::string_view(bytes_).substr(8, static_cast<std::size_t>(length)));
    if (!header.is_object()) broken("has a header that is no JSON object");
    for (const auto& [name, value] : header.items()) {
      if (name == "__metadata__")
        read_metadata(value);
      else
        entries_.push_back(read_entry(name, value));
    }
    check_layout();
  }

  /// JSON silently keeps the last of two equal keys. Here two equal keys are an error, and deep
  /// nesting is an error too.
  Json parse_header(std::string_view text) const {
    std::vector<std::set<std::string>> seen;
    const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
      if (depth > 8) broken("has a header that is nested too deeply");
      const std::size_t level = static_cast<std::size_t>(depth);
      if (event == Json::parse_event_t::object_start) {
        if (seen.size() < level + 2) seen.resize(level + 2);
        seen[level + 1].clear();
      } else if (event == Json::parse_event_t::key &&
                 !seen[level].insert(value.get<std::string>()).second) {
        broken("names '" + value.get<std::string>() + "' twice");
      }
      return true;
    };
    try {
      return Json::parse(text.begin(), text.end(), watch);
    } catch (const Json::exception&) {
      broken("has a header that is broken JSON");
    }
  }

  void read_metadata(const Json& value) {
    if (!value.is_object()) broken("has a __metadata__ that is no object");
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string()) broken("has metadata '" + key + "' that is no string");
      metadata_[key] = text.get<std::string>();
    }
  }

  Entry read_entry(const std::string& name, const Json& value) const {
    const std::string who = "has a tensor '" + name + "' ";
    const auto offset = [&](const Json& j) {
      if (!j.is_number_unsigned())
        broken(who + "with extents or offsets that are no whole numbers");
      return j.get<std::uint64_t>();
    };
    if (!value.is_object() || !value.contains("dtype") || !value.contains("shape") ||
        !value.contains("data_offsets"))
      broken(who + "without dtype, shape or data_offsets");
    Entry entry{name, DType::float32, {}, 0, 0};
    const Json &type = value["dtype"], &shape = value["shape"], &offsets = value["data_offsets"];
    if (!type.is_string() || !shape.is_array() || !offsets.is_array() || offsets.size() != 2)
      broken(who + "whose dtype, shape or data_offsets are malformed");
    const std::string type_name = type.get<std::string>();
    const auto* known = std::find_if(std::begin(detail::dtypes), std::end(detail::dtypes),
                                     [&](const auto& f) { return f.safetensors == type_name; });
    if (known == std::end(detail::dtypes))
      broken(who + "of type '" + type_name + "', which is not read here");
    entry.type = known->type;
    if (static_cast<Index>(shape.size()) > max_rank)
      broken(who + "of " + std::to_string(shape.size()) + " axes");
    std::uint64_t wanted = known->bytes, reach = known->bytes;  // reach: counts extent 0 as 1
    for (const Json& j : shape) {
      const std::uint64_t extent = offset(j);
      if (extent > 0 && reach > max_bytes / extent) broken(who + "of impossible size");
      reach *= std::max<std::uint64_t>(extent, 1), wanted *= extent;
      entry.shape.push_back(static_cast<Index>(extent));
    }
    const std::uint64_t begin = offset(offsets[0]), end = offset(offsets[1]),
                        room = bytes_.size() - data_;
    if (begin > end || end > room)
      broken(who + "at bytes " + std::to_string(begin) + " to " + std::to_string(end) + " of " +
             std::to_string(room) + ": truncated or damaged");
    if (end - begin != wanted)
      broken(who + type_name + " " + entry.shape.str() + " in " + std::to_string(end - begin) +
             " bytes, it takes " + std::to_string(wanted));
    entry.begin = static_cast<std::size_t>(begin), entry.end = static_cast<std::size_t>(end);
    return entry;
  }

  void check_layout() {
    std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
      return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    std::size_t reached = 0;
    for (const Entry& entry : entries_) {
      if (entry.begin < reached) broken("has a tensor '" + entry.name + "' that overlaps another");
      if (entry.begin > reached) broken("has a hole before tensor '" + entry.name + "'");
      reached = entry.end;
    }
    if (reached != bytes_.size() - data_)
      broken("has " + std::to_string(bytes_.size() - data_ - reached) +
             " bytes that belong to no tensor");
  }

  static constexpr std::uint64_t max_header = 100'000'000;
  static constexpr std::uint64_t max_bytes = std::uint64_t{1} << 46;

  std::string bytes_, path_;
  std::size_t data_ = 0;
  std::vector<Entry> entries_;
  std::map<std::string, std::string> metadata_;
};

/// Collects tensors and strings, then writes them as one file.
class SafetensorsWriter {
 public:
  std::map<std::string, std::string> metadata;

  /// Adds a tensor. Throws ValueError for a name that is already used, an undefined tensor, or a
  /// type that does not store a T.
  template <class T>
  void add(const std::string& name, const Tensor<T>& x, DType type = dtype_of<T>()) {
    if (!x.defined()) fail("safetensors", "tensor '", name, "' is undefined");
    if (name == "__metadata__" || !names_.insert(name).second)
      fail("safetensors", "the name '", name, "' is taken");
    items_.push_back({name, type, x.shape(), encode_numbers(type, x)});
  }

  /// The start of the file: length and JSON, padded to 8 bytes. Wide types come first, so every
  /// tensor is aligned.
  std::string header() {
    std::stable_sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) {
      return size_of(a.type) > size_of(b.type);
    });
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    if (!metadata.empty()) json["__metadata__"] = metadata;
    std::size_t offset = 0;
    for (const Item& item : items_) {
      const std::size_t end = offset + item.bytes.size();
      json[item.name] = {{"dtype", std::string(detail::facts(item.type).safetensors)},
                         {"shape", std::vector<Index>(item.shape.begin(), item.shape.end())},
                         {"data_offsets", {offset, end}}};
      offset = end;
    }
    std::string text;
    try {
      text = json.dump();
    } catch (const nlohmann::json::exception&) {
      fail("safetensors", "names and metadata must be UTF-8 text");
    }
    text.resize((text.size() + 7) / 8 * 8, ' ');
    const std::uint64_t length = text.size();
    std::string head(8, '\0');
    std::memcpy(head.data(), &length, 8);
    return head + text;
  }

  /// The whole file as bytes.
  std::string bytes() {
    std::string all = header();
    for (const Item& item : items_) all += item.bytes;
    return all;
  }

  /// Writes the file under another name, flushes and renames it. Throws IoError with the path.
  void save(const std::string& path) {
    NewFile file(path);
    file.write(header());
    for (const Item& item : items_) file.write(item.bytes);
    file.commit();
  }

 private:
  struct Item {
    std::string name;
    DType type;
    Shape shape;
    std::string bytes;
  };
  std::vector<Item> items_;
  std::set<std::string> names_;
};

}  // namespace glimpse::inline v0
