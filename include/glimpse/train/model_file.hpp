// model file: a reader's weights and its configuration, in one safetensors file.
//
//   metadata "config"   the fields of ReaderConfig as JSON, the model's name first; a missing field
//                       has its default
//   tensors             the model's state, by name; other tensors (optimizer) have other prefixes
#pragma once

#include <algorithm>
#include <cmath>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>

#include <nlohmann/json.hpp>

#include <glimpse/io/state.hpp>
#include <glimpse/models/reader.hpp>

namespace glimpse::inline v0 {

NLOHMANN_JSON_SERIALIZE_ENUM(ReaderModel, {{ReaderModel::rare, "rare"},
                                           {ReaderModel::srn, "srn"},
                                           {ReaderModel::crnn, "crnn"}})
NLOHMANN_JSON_SERIALIZE_ENUM(FiducialPattern, {{FiducialPattern::straight, "straight"},
                                               {FiducialPattern::slanted, "slanted"},
                                               {FiducialPattern::sine, "sine"}})

/// A configuration as JSON text.
inline std::string config_text(ReaderConfig config) {
  nlohmann::ordered_json json;
  config.visit_fields([&](const char* name, auto& field) { json[name] = field; });
  return json.dump();
}

/// The configuration that `config_text` described. Throws IoError for any other text.
inline ReaderConfig config_from_text(const std::string& text) {
  ReaderConfig config;
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    config.visit_fields([&](const char* name, auto& field) {
      if (!json.contains(name)) return;
      json.at(name).get_to(field);
      if constexpr (std::is_enum_v<std::remove_reference_t<decltype(field)>>)
        if (json.at(name) != nlohmann::json(field))  // the library converts other types silently
          fail<IoError>("config", "knows no ", name, " ", json.at(name).dump());
    });
    // Older files have no "model", only "rectify".
    if (!json.contains("model") && !json.value("rectify", true)) config.model = ReaderModel::srn;
  } catch (const nlohmann::json::exception& e) {
    fail<IoError>("config", "is no configuration: ", e.what());
  }
  config.check();
  return config;
}

/// A checkpoint with a model's state under "model", its configuration, and nothing else.
inline Checkpoint model_checkpoint(Reader<float> model) {
  Checkpoint c;
  store_state(model, c, "model");
  c.metadata["config"] = config_text(model.config());
  return c;
}

/// Builds the model of a checkpoint, in training mode. Throws IoError if the checkpoint does not
/// fit its configuration.
inline Reader<float> model_from_checkpoint(const Checkpoint& c) {
  Random random(0);
  Reader<float> model(config_from_text(c.text("config")), random);
  load_state(model, c, "model");
  return model;
}

/// Loads a reader for inference: evaluation mode, batch norms folded. Throws IoError with the path.
inline Reader<float> load_reader(const std::string& path) {
  const Checkpoint c = load_checkpoint(path);
  try {
    Reader<float> model = model_from_checkpoint(c);
    for (const auto& [name, x] : state_dict(model))
      if (!std::all_of(x.data(), x.data() + x.size(), [](float v) { return std::isfinite(v); }))
        fail<IoError>("load_reader", "'", name, "' holds something that is no number");
    set_training(model, false);
    model.fold();
    return model;
  } catch (const std::exception& e) {  // the sizes may require too much memory
    throw IoError(path + ": holds no reader: " + e.what());
  }
}

/// Loads a reader for inference and checks its model's name ("" accepts any). Throws IoError with
/// both names if they differ.
inline Reader<float> load_reader(const std::string& path, std::string_view wanted) {
  Reader<float> model = load_reader(path);
  const std::string_view held = name(model.config().model);
  if (!wanted.empty() && held != wanted)
    fail<IoError>("--model", path, " holds a model '", held, "', not '", wanted, "'");
  return model;
}

}  // namespace glimpse::inline v0
