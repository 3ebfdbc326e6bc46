// step: a whole training step and a whole reading, part by part.
//
//   step [preset] [batch] [threads]            pictures 1 x 32 x 100, words of 8 letters; medians of 9 steps after 2
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <glimpse/models/read.hpp>
#include <glimpse/optim/adam.hpp>
#include <glimpse/optim/clip.hpp>

using namespace glimpse;

namespace {

double now() { return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const std::string preset = argc > 1 ? argv[1] : "compact";
  const Index batch = argc > 2 ? std::atol(argv[2]) : 64;
  if (argc > 3) set_num_threads(std::atoi(argv[3]));
  Random random(1);
  Rare<float> model(rare_config(preset), random);
  Tensor<float> pictures({batch, 1, 64, 200});
  for (float& p : pictures.span()) p = static_cast<float>(random.uniform(-1, 1));
  std::vector<std::vector<Index>> labels(static_cast<std::size_t>(batch));
  for (auto& label : labels)
    for (int i = 0; i < 8; ++i) label.push_back(random.below(36));
  AdamW<float> optimizer(parameters(model));

  std::vector<double> forward, backward, update, whole;
  std::size_t fresh = 0;
  for (int i = 0; i < 11; ++i) {
    if (i == 2) fresh = MemoryCache::instance().fresh_blocks();
    const double t0 = now();
    optimizer.zero_grad();
    const Variable<float> loss = model.loss(constant(pictures), 100, labels);
    const double t1 = now();
    loss.backward();
    const double t2 = now();
    clip_grad_norm(optimizer.parameters(), 5);
    optimizer.step();
    const double t3 = now();
    if (i < 2) continue;
    forward.push_back(t1 - t0), backward.push_back(t2 - t1), update.push_back(t3 - t2), whole.push_back(t3 - t0);
  }
  std::printf("%s, %lld parameters, batch %lld, %d threads\n", preset.c_str(), static_cast<long long>(count_parameters(model)),
              static_cast<long long>(batch), num_threads());
  std::printf("training   forward %.1f ms, backward %.1f ms, update %.1f ms: %.0f pictures/s\n", median(forward),
              median(backward), median(update), 1000 * static_cast<double>(batch) / median(whole));
  std::printf("memory     %.0f MB at most in tensors, %zu blocks asked of the system after the second step\n",
              static_cast<double>(MemoryCache::instance().peak()) / 1e6, MemoryCache::instance().fresh_blocks() - fresh);

  set_training(model, false);
  model.fold();
  for (const Index n : {Index{1}, batch}) {
    std::vector<Picture> words(static_cast<std::size_t>(n), Picture(48, 150));
    for (Picture& word : words)
      for (float& p : word.pixels) p = static_cast<float>(random.uniform());
    std::vector<double> times;
    for (int i = 0; i < 9; ++i) {
      const double t0 = now();
      read(model, std::span<const Picture>(words));
      times.push_back(now() - t0);
    }
    std::printf("reading    batch %lld: %.2f ms a picture\n", static_cast<long long>(n), median(times) / static_cast<double>(n));
  }
}
