// compiled: compiles once the functions that most test files call and that take longest to compile.
// A user's program compiles the functions that it calls. Each of sixty test files would do the
// same, and one matrix product is two hundred kernels.
//
// The build includes this file before every test. It declares each of these functions `extern`.
// products.cpp, images.cpp and sequences.cpp define them: each one empties the macro that makes its
// own group `extern`. A test that calls a kernel directly still compiles this kernel.
#pragma once

#include <span>
#include <type_traits>
#include <vector>

#include <glimpse/ops/additive_attention.hpp>
#include <glimpse/ops/attention_gru.hpp>
#include <glimpse/ops/batch_norm.hpp>
#include <glimpse/ops/batch_norm_pool.hpp>
#include <glimpse/ops/cross_entropy.hpp>
#include <glimpse/ops/ctc_loss.hpp>
#include <glimpse/ops/grid_sample.hpp>
#include <glimpse/ops/gru.hpp>
#include <glimpse/ops/kernel/prepared_filters.hpp>
#include <glimpse/ops/linear.hpp>
#include <glimpse/ops/lstm.hpp>
#include <glimpse/ops/matmul.hpp>
#include <glimpse/ops/max_pool2d.hpp>
#include <glimpse/ops/resize_bilinear.hpp>
#include <glimpse/ops/softmax.hpp>
#include <glimpse/ops/tps_grid.hpp>
#include <glimpse/simd/gemm.hpp>
#include <glimpse/simd/packed.hpp>

#ifndef GLIMPSE_PRODUCTS
#define GLIMPSE_PRODUCTS extern
#endif
#ifndef GLIMPSE_IMAGES
#define GLIMPSE_IMAGES extern
#endif
#ifndef GLIMPSE_SEQUENCES
#define GLIMPSE_SEQUENCES extern
#endif

namespace glimpse::inline v0 {

#define GLIMPSE_COMPILED(T)                                                                        \
  GLIMPSE_PRODUCTS template void simd::gemm(simd::Trans, simd::Trans, Index, Index, Index, T,      \
                                            const T*, Index, const T*, Index, T, T*, Index,        \
                                            const simd::Epilogue<T>&);                             \
  GLIMPSE_PRODUCTS template void simd::gemm(simd::Trans, Index, T, const T*, Index,                \
                                            const simd::PackedB<T>&, T, T*, Index,                 \
                                            const simd::Epilogue<T>&);                             \
  GLIMPSE_PRODUCTS template void simd::gemm_batched(                                               \
      Index, simd::Trans, simd::Trans, Index, Index, Index, T, const T*, Index, Index, const T*,   \
      Index, Index, T, T*, Index, Index, const simd::Epilogue<T>&);                                \
  GLIMPSE_PRODUCTS template simd::PackedB<T> simd::pack_b(simd::Trans, Index, Index, const T*,     \
                                                          Index);                                  \
  GLIMPSE_PRODUCTS template Variable<T> matmul(const Variable<T>&, const Variable<T>&);            \
  GLIMPSE_PRODUCTS template Variable<T> linear(const Variable<T>&, const Variable<T>&,             \
                                               const Variable<T>&);                                \
                                                                                                   \
  GLIMPSE_IMAGES template void kernel::conv2d_forward(const kernel::ConvGeometry&, const T*,       \
                                                      const T*, const T*, bool, T*);               \
  GLIMPSE_IMAGES template void kernel::conv2d_backward_data(const kernel::ConvGeometry&, const T*, \
                                                            const T*, bool, T*);                   \
  GLIMPSE_IMAGES template void kernel::conv2d_backward_weight(const kernel::ConvGeometry&,         \
                                                              const T*, const T*, T*);             \
  GLIMPSE_IMAGES template class kernel::PreparedFilters<T>;                                        \
  GLIMPSE_IMAGES template Variable<T> batch_norm2d(                                                \
      const Variable<T>&, const Variable<T>&, const Variable<T>&, Tensor<T>&, Tensor<T>&, bool,    \
      std::type_identity_t<T>, std::type_identity_t<T>);                                           \
  GLIMPSE_IMAGES template Variable<T> batch_norm2d_relu(                                           \
      const Variable<T>&, const Variable<T>&, const Variable<T>&, Tensor<T>&, Tensor<T>&, bool,    \
      std::type_identity_t<T>, std::type_identity_t<T>);                                           \
  GLIMPSE_IMAGES template Variable<T> batch_norm2d_relu_max_pool2d(                                \
      const Variable<T>&, const Variable<T>&, const Variable<T>&, Tensor<T>&, Tensor<T>&, bool,    \
      const Pool2dOptions&, std::type_identity_t<T>, std::type_identity_t<T>);                     \
  GLIMPSE_IMAGES template Variable<T> max_pool2d(const Variable<T>&, const Pool2dOptions&);        \
  GLIMPSE_IMAGES template Variable<T> relu_max_pool2d(const Variable<T>&, const Pool2dOptions&);   \
  GLIMPSE_IMAGES template Variable<T> grid_sample(const Variable<T>&, const Variable<T>&,          \
                                                  GridPadding);                                    \
  GLIMPSE_IMAGES template Variable<T> resize_bilinear(const Variable<T>&, Index, Index, bool);     \
  GLIMPSE_IMAGES template Variable<T> tps_grid(const Variable<T>&, const Tensor<T>&, Index,        \
                                               Index);                                             \
                                                                                                   \
  GLIMPSE_SEQUENCES template Variable<T> lstm(const Variable<T>&, const Variable<T>&,              \
                                              const Variable<T>&, const Variable<T>&,              \
                                              const Variable<T>&, std::span<const Index>, bool);   \
  GLIMPSE_SEQUENCES template Variable<T> bidirectional_lstm(                                       \
      const Variable<T>&, const RecurrentWeights<T>&, const RecurrentWeights<T>&,                  \
      std::span<const Index>);                                                                     \
  GLIMPSE_SEQUENCES template Variable<T> gru(const Variable<T>&, const Variable<T>&,               \
                                             const Variable<T>&, const Variable<T>&,               \
                                             const Variable<T>&, std::span<const Index>, bool);    \
  GLIMPSE_SEQUENCES template Variable<T> bidirectional_gru(                                        \
      const Variable<T>&, const RecurrentWeights<T>&, const RecurrentWeights<T>&,                  \
      std::span<const Index>);                                                                     \
  GLIMPSE_SEQUENCES template Variable<T> gru_cell(const Variable<T>&, const Variable<T>&,          \
                                                  const Variable<T>&, const Variable<T>&);         \
  GLIMPSE_SEQUENCES template Variable<T> attention_gru(const Variable<T>&, const Variable<T>&,     \
                                                       const Variable<T>&,                         \
                                                       const AttentionGruWeights<T>&, Tensor<T>*); \
  GLIMPSE_SEQUENCES template Variable<T> additive_scores(const Variable<T>&, const Variable<T>&,   \
                                                         const Variable<T>&);                      \
  GLIMPSE_SEQUENCES template Variable<T> attend(const Variable<T>&, const Variable<T>&);           \
  GLIMPSE_SEQUENCES template Variable<T> softmax(const Variable<T>&, std::span<const Index>);      \
  GLIMPSE_SEQUENCES template Variable<T> softmax(const Variable<T>&);                              \
  GLIMPSE_SEQUENCES template Variable<T> log_softmax(const Variable<T>&);                          \
  GLIMPSE_SEQUENCES template Variable<T> cross_entropy(const Variable<T>&, std::span<const Index>, \
                                                       const CrossEntropyOptions&);                \
  GLIMPSE_SEQUENCES template Variable<T> ctc_loss(const Variable<T>&,                              \
                                                  std::span<const std::vector<Index>>,             \
                                                  std::span<const Index>, const CtcOptions&)

GLIMPSE_COMPILED(float);
GLIMPSE_COMPILED(double);

}  // namespace glimpse::inline v0
