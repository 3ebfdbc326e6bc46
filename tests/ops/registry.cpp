// Every op needs a row: every public function `Variable<T> name(` of include/glimpse/ops/*.hpp must
// be the first word of some row. elementwise() is not an op; the ops that use it have rows.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>

#include "../op_test/golden.hpp"
#include "../op_test/op_row.hpp"

using namespace glimpse;

namespace {

/// Functions at namespace level that return a Variable<T>, without operators, which call named
/// functions.
std::set<std::string> public_functions(const std::filesystem::path& header) {
  std::ifstream file(header);
  std::set<std::string> names;
  std::string line;
  const std::regex function(R"(^(?:inline )?Variable<T> ([a-z]\w*)\()");
  bool hidden = false;  // inside namespace detail or kernel
  while (std::getline(file, line)) {
    if (line.rfind("namespace detail", 0) == 0 || line.rfind("namespace kernel", 0) == 0) hidden = true;
    if (line.rfind("}", 0) == 0 && line.find("namespace") != std::string::npos) hidden = false;
    std::smatch match;
    if (!hidden && std::regex_search(line, match, function) && match[1] != "elementwise") names.insert(match[1]);
  }
  return names;
}

bool has_row(const std::string& function) {
  const std::vector<rig::Op*>& rows = rig::rows();
  return std::any_of(rows.begin(), rows.end(), [&](const rig::Op* op) {
    return op->name.substr(0, op->name.find_first_of(" ,")) == function;
  });
}

}  // namespace

TEST_CASE("every op has a row", "[registry]") {
  std::size_t functions = 0;
  for (const auto& entry : std::filesystem::directory_iterator(rig::project_root() + "/include/glimpse/ops")) {
    if (entry.path().extension() != ".hpp") continue;
    const std::string header = entry.path().stem().string();
    for (const std::string& function : public_functions(entry.path())) {
      ++functions;
      INFO("ops/" << header << ".hpp: no OP_ROW(\"" << function << "\") in tests/ops/*.cpp");
      CHECK(has_row(function));
    }
  }
  CHECK(functions > 0);
}

TEST_CASE("rows have cases, calls and names of their own", "[registry]") {
  std::set<std::string> names;
  for (const rig::Op* op : rig::rows()) {
    INFO(op->name);
    CHECK(names.insert(op->name).second);
    CHECK_FALSE(op->list.empty());
    CHECK(op->in_double != nullptr);
  }
}
