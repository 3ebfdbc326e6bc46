// golden: numbers that PyTorch computed, in a simple text format.
//
//   case                      starts a case
//   input 3 5                 extents, then the numbers on one line; inputs in order
//   cotangent 3 5             gradient with respect to the output
//   output 3 5
//   gradient 3 5              one for each input, in order; "gradient none" if it has none
//
// Inputs and cotangents are float32 numbers, so that float and double start from equal values; the
// other numbers are float64.
#pragma once

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <glimpse/core/tensor.hpp>

namespace glimpse::rig {

struct GoldenCase {
  std::vector<Tensor<double>> inputs, gradients;  // undefined if there is no gradient
  Tensor<double> cotangent, output;
};

/// The project's root: from CMake, else from the path of this file.
inline std::string project_root() {
#if defined(GLIMPSE_ROOT)
  return GLIMPSE_ROOT;
#else
  const std::string here = __FILE__;
  return here.substr(0, here.rfind("tests/")) + ".";
#endif
}

/// The cases of tests/golden/<name>.txt. Throws IoError if the file is missing or damaged.
inline std::vector<GoldenCase> read_golden(const std::string& name) {
  const std::string path = project_root() + "/tests/golden/" + name + ".txt";
  std::ifstream file(path);
  if (!file) fail<IoError>("golden", "cannot read ", path);
  std::vector<GoldenCase> cases;
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream head(line);
    std::string word, extent;
    head >> word;
    if (word.empty() || word[0] == '#') continue;
    if (word == "case") {
      cases.emplace_back();
      continue;
    }
    if (cases.empty()) fail<IoError>("golden", path, ": '", word, "' before the first case");
    Shape shape;
    bool none = false;
    while (head >> extent) {
      if (extent == "none") none = true;
      else shape.push_back(std::stol(extent));
    }
    Tensor<double> values;
    if (!none) {
      values = empty<double>(shape);
      std::getline(file, line);
      const char* at = line.c_str();
      for (double& v : values.span()) {
        char* end = nullptr;
        v = word == "input" || word == "cotangent" ? double(std::strtof(at, &end)) : std::strtod(at, &end);
        if (end == at) fail<IoError>("golden", path, ": a ", word, " of shape ", shape, " wants more numbers");
        at = end;
      }
    }
    GoldenCase& last = cases.back();
    if (word == "input") last.inputs.push_back(values);
    else if (word == "gradient") last.gradients.push_back(values);
    else if (word == "cotangent") last.cotangent = values;
    else if (word == "output") last.output = values;
    else fail<IoError>("golden", path, ": unknown word '", word, "'");
  }
  return cases;
}

}  // namespace glimpse::rig
