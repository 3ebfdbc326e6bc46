// What a user's first program may look like: one parameter, one loss, one gradient.
#include <glimpse/glimpse.hpp>

#include <cstdio>

int main() {
  auto w = glimpse::parameter(glimpse::tensor<float>({1, 2, 3}));
  auto loss = glimpse::sum(w * w);
  loss.backward();
  const bool right = w.grad()(0) == 2 && w.grad()(1) == 4 && w.grad()(2) == 6;
  std::puts(right ? "d(w w)/dw = 2 w" : "wrong gradient");
  return right ? 0 : 1;
}
