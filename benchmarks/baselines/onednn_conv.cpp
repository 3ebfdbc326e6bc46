// onednn_conv: oneDNN's convolutions on the recognizer's layers, one line each, for comparison with
// `conv2d --tsv`:
//
//   layer  pass  algorithm  threads  batch  milliseconds (median)
//
// Each pass runs in the layouts that oneDNN asks for. The time includes no reordering, so it is
// oneDNN's best case.
//
//   g++ -O2 -std=c++20 -fopenmp onednn_conv.cpp -ldnnl; onednn_conv [batch] [threads]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <unordered_map>
#include <vector>

#include <omp.h>

#include <oneapi/dnnl/dnnl.hpp>

#include "../conv_layers.hpp"
#include "../timing.hpp"

namespace {

using namespace dnnl;
using Dims = memory::dims;

using bench::conv_layers;
using Layer = bench::ConvLayer;

memory filled(const memory::desc& d, const engine& e) {
  memory m(d, e);
  auto* const p = static_cast<float*>(m.get_data_handle());
  const std::size_t n = d.get_size() / sizeof(float);
  for (std::size_t i = 0; i < n; ++i) p[i] = 0.25f - 0.001f * static_cast<float>(i % 499);
  return m;
}

double median_ms(const primitive& p, stream& s, const std::unordered_map<int, memory>& arguments) {
  return bench::median_ms([&] {
    p.execute(s, arguments);
    s.wait();
  });
}

void run(const Layer& l, long batch, int threads, algorithm how, const char* name) {
  const engine e(engine::kind::cpu, 0);
  stream s(e);
  const auto any = [](const Dims& d) {
    return memory::desc(d, memory::data_type::f32, memory::format_tag::any);
  };
  const long oh = l.h + 2 * l.pad - l.kernel + 1, ow = l.w + 2 * l.pad - l.kernel + 1;
  const auto x = any({batch, l.in, l.h, l.w}), w = any({l.out, l.in, l.kernel, l.kernel}),
             y = any({batch, l.out, oh, ow});
  const Dims step{1, 1}, pad{l.pad, l.pad};
  const auto line = [&](const char* pass, double ms) {
    std::printf("%s\t%s\t%s\t%d\t%ld\t%.4f\n", l.name, pass, name, threads, batch, ms);
    std::fflush(stdout);
  };
  try {
    const convolution_forward::primitive_desc forward(
        {prop_kind::forward_training, how, x, w, y, step, pad, pad}, e);
    line("forward", median_ms(convolution_forward(forward), s,
                              {{DNNL_ARG_SRC, filled(forward.src_desc(), e)},
                               {DNNL_ARG_WEIGHTS, filled(forward.weights_desc(), e)},
                               {DNNL_ARG_DST, filled(forward.dst_desc(), e)}}));
    const convolution_backward_data::primitive_desc data({how, x, w, y, step, pad, pad}, e,
                                                         forward);
    line("data", median_ms(convolution_backward_data(data), s,
                           {{DNNL_ARG_DIFF_SRC, filled(data.diff_src_desc(), e)},
                            {DNNL_ARG_WEIGHTS, filled(data.weights_desc(), e)},
                            {DNNL_ARG_DIFF_DST, filled(data.diff_dst_desc(), e)}}));
    const convolution_backward_weights::primitive_desc weights({how, x, w, y, step, pad, pad}, e,
                                                               forward);
    line("weights", median_ms(convolution_backward_weights(weights), s,
                              {{DNNL_ARG_SRC, filled(weights.src_desc(), e)},
                               {DNNL_ARG_DIFF_DST, filled(weights.diff_dst_desc(), e)},
                               {DNNL_ARG_DIFF_WEIGHTS, filled(weights.diff_weights_desc(), e)}}));
  } catch (const error&) {
    // Winograd requires 3x3 filters and whole blocks of channels: no line if oneDNN declines
  }
}

}  // namespace

int main(int count, char** argument) {
  const long batch = count > 1 ? std::atol(argument[1]) : 64;
  const int only = count > 2 ? std::atoi(argument[2]) : 0;
  for (const int threads : {1, 2}) {
    if (only != 0 && threads != only) continue;
    omp_set_num_threads(threads);
    for (const Layer& l : conv_layers) {
      run(l, batch, threads, algorithm::convolution_direct, "direct");
      run(l, batch, threads, algorithm::convolution_winograd, "winograd");
    }
  }
}
