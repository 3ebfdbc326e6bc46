// model file: a reader's weights with the configuration that shapes them, in one safetensors file.
//
//   metadata "config"   the fields of RareConfig as JSON; a field that is absent keeps its default
//   tensors             the model's state, by name; others (optimiser) may stand beside them under their own prefix
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include <glimpse/io/checkpoint.hpp>
#include <glimpse/models/rare.hpp>

namespace glimpse::inline v0 {

NLOHMANN_JSON_SERIALIZE_ENUM(FiducialPattern, {{FiducialPattern::straight, "straight"},
                                               {FiducialPattern::slanted, "slanted"},
                                               {FiducialPattern::sine, "sine"}})

/// A configuration as JSON text.
inline std::string config_text(RareConfig config) {
  nlohmann::ordered_json json;
  config.visit_fields([&](const char* name, auto& field) { json[name] = field; });
  return json.dump();
}

/// The configuration that `config_text` told of. Throws IoError for text that is no such thing.
inline RareConfig config_from_text(const std::string& text) {
  RareConfig config;
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    config.visit_fields([&](const char* name, auto& field) {
      if (json.contains(name)) json.at(name).get_to(field);
    });
  } catch (const nlohmann::json::exception& e) {
    fail<IoError>("config", "is no configuration: ", e.what());
  }
  config.check();
  return config;
}

/// The model's state under "model.", its configuration, and nothing else.
template <class T>
Checkpoint model_checkpoint(Rare<T>& model) {
  Checkpoint c;
  for (const auto& [name, x] : state_dict(model)) c.tensors.emplace_back("model." + name, cast<float>(x));
  c.metadata["config"] = config_text(model.config);
  return c;
}

/// Builds the model that a checkpoint describes, in training mode. Throws IoError or ShapeError where it does not fit.
template <class T = float>
Rare<T> model_from_checkpoint(const Checkpoint& c) {
  Random random(0);
  Rare<T> model(config_from_text(c.text("config")), random);
  std::vector<NamedTensor<float>> state;
  for (const auto& [name, x] : c.tensors)
    if (name.rfind("model.", 0) == 0) state.push_back({name.substr(6), x});
  load_state_dict(model, state);
  return model;
}

/// Loads a reader for use: reading mode, batch norms folded. Throws IoError that names the path.
inline Rare<float> load_reader(const std::string& path) {
  const Checkpoint c = load_checkpoint(path);
  try {
    Rare<float> model = model_from_checkpoint(c);
    set_training(model, false);
    model.fold();
    return model;
  } catch (const Error& e) {
    throw IoError(path + ": holds no reader: " + e.what());
  }
}

}  // namespace glimpse::inline v0
