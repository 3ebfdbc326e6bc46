// Beam search with scores divided by a power of the length.
#include <glimpse/text/beam.hpp>

#include "../catch.hpp"

using namespace glimpse;

TEST_CASE("a length power lets a longer text win that is likelier symbol by symbol", "[beam]") {
  // Symbols 0, 1, end 2. The end at once: 0.4. Otherwise 0 (0.6), then 1 (0.8), then the end (0.8):
  // 0.384 in total.
  const auto step = [](const std::vector<Index>& predicted, Index symbol) {
    std::vector<Index> now = predicted;
    if (symbol >= 0) now.push_back(symbol);
    const std::vector<std::vector<double>> p{
        {0.6, 1e-9, 0.4}, {0.1, 0.8, 0.1}, {0.1, 0.1, 0.8}, {0.1, 0.1, 0.8}};
    std::vector<double> logs;
    for (const double v : p[std::min<std::size_t>(now.size(), 3)]) logs.push_back(std::log(v));
    return std::pair(logs, now);
  };
  const auto best = [&](double power) {
    return beam_search_states(std::vector<Index>{}, step,
                              {.width = 4, .max_length = 5, .length_power = power})
        .front();
  };
  CHECK(best(0).symbols.empty());
  CHECK(best(1).symbols == std::vector<Index>{0, 1});
  CHECK(best(1).log_probability == Approx(std::log(0.6 * 0.8 * 0.8)));
  CHECK_THROWS_AS(best(-1), ValueError);
}
