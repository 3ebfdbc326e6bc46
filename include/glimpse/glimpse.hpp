// glimpse: the engine in one include: tensors, autograd, operations, modules, optimizers. It needs
// only the standard library.
//
// Other entry headers, by purpose:
//   glimpse/text_recognition.hpp   readers of words and their weights (nlohmann json, stb)
//   glimpse/training.hpp           data sets, synthetic words, training of readers (utf8proc, too)
//   glimpse/io.hpp                 checkpoints, safetensors, npy, npz (nlohmann json)
// Header by header: glimpse/models/ (sequence models), glimpse/viz/, glimpse/data/audio/,
// glimpse/interop/eigen.hpp (Eigen).
#pragma once

#include <glimpse/core/arithmetic.hpp>
#include <glimpse/core/concatenate.hpp>
#include <glimpse/core/error.hpp>
#include <glimpse/core/gather.hpp>
#include <glimpse/core/loops.hpp>
#include <glimpse/core/memory_cache.hpp>
#include <glimpse/core/parallel.hpp>
#include <glimpse/core/print.hpp>
#include <glimpse/core/random.hpp>
#include <glimpse/core/reduce.hpp>
#include <glimpse/core/shape.hpp>
#include <glimpse/core/storage.hpp>
#include <glimpse/core/tensor.hpp>
#include <glimpse/core/thread_pool.hpp>
#include <glimpse/core/version.hpp>

#include <glimpse/simd/bfloat16.hpp>
#include <glimpse/simd/dispatch.hpp>
#include <glimpse/simd/epilogue.hpp>
#include <glimpse/simd/skinny_gemm.hpp>
#include <glimpse/simd/gemm.hpp>
#include <glimpse/simd/isa.hpp>
#include <glimpse/simd/map.hpp>
#include <glimpse/simd/math.hpp>
#include <glimpse/simd/pack.hpp>
#include <glimpse/simd/packed.hpp>
#include <glimpse/simd/precision.hpp>
#include <glimpse/simd/blocked_gemm.hpp>
#include <glimpse/simd/reduce.hpp>
#include <glimpse/simd/micro_kernel.hpp>
#include <glimpse/simd/transposed_product.hpp>
#include <glimpse/simd/vec.hpp>

#include <glimpse/autograd/gradcheck.hpp>
#include <glimpse/autograd/mode.hpp>
#include <glimpse/autograd/node.hpp>
#include <glimpse/autograd/profile.hpp>
#include <glimpse/autograd/to_dot.hpp>
#include <glimpse/autograd/variable.hpp>

#include <glimpse/ops/activations.hpp>
#include <glimpse/ops/adaptive_pool2d.hpp>
#include <glimpse/ops/additive_attention.hpp>
#include <glimpse/ops/arithmetic.hpp>
#include <glimpse/ops/attention_gru.hpp>
#include <glimpse/ops/attention_weights.hpp>
#include <glimpse/ops/average_pool2d.hpp>
#include <glimpse/ops/batch_norm.hpp>
#include <glimpse/ops/batch_norm_pool.hpp>
#include <glimpse/ops/conv2d.hpp>
#include <glimpse/ops/cross_entropy.hpp>
#include <glimpse/ops/ctc_loss.hpp>
#include <glimpse/ops/dot_product_attention.hpp>
#include <glimpse/ops/doubly_stochastic.hpp>
#include <glimpse/ops/dropout.hpp>
#include <glimpse/ops/elementary.hpp>
#include <glimpse/ops/elementwise.hpp>
#include <glimpse/ops/embedding.hpp>
#include <glimpse/ops/grid_sample.hpp>
#include <glimpse/ops/gru.hpp>
#include <glimpse/ops/layer_norm.hpp>
#include <glimpse/ops/linear.hpp>
#include <glimpse/ops/location_features.hpp>
#include <glimpse/ops/lstm.hpp>
#include <glimpse/ops/matmul.hpp>
#include <glimpse/ops/max_pool2d.hpp>
#include <glimpse/ops/pool2d.hpp>
#include <glimpse/ops/reductions.hpp>
#include <glimpse/ops/resize_bilinear.hpp>
#include <glimpse/ops/shape_ops.hpp>
#include <glimpse/ops/softmax.hpp>
#include <glimpse/ops/tps_grid.hpp>

#include <glimpse/nn/additive_attention.hpp>
#include <glimpse/nn/attention.hpp>
#include <glimpse/nn/batch_norm.hpp>
#include <glimpse/nn/bidirectional.hpp>
#include <glimpse/nn/conv2d.hpp>
#include <glimpse/nn/conv_block.hpp>
#include <glimpse/nn/dropout.hpp>
#include <glimpse/nn/embedding.hpp>
#include <glimpse/nn/fold.hpp>
#include <glimpse/nn/gru.hpp>
#include <glimpse/nn/init.hpp>
#include <glimpse/nn/layer_norm.hpp>
#include <glimpse/nn/linear.hpp>
#include <glimpse/nn/lstm.hpp>
#include <glimpse/nn/module.hpp>
#include <glimpse/nn/multi_head_attention.hpp>
#include <glimpse/nn/recurrent.hpp>
#include <glimpse/nn/forward_hook.hpp>
#include <glimpse/nn/sequential.hpp>
#include <glimpse/nn/summary.hpp>
#include <glimpse/nn/visit.hpp>

#include <glimpse/optim/adadelta.hpp>
#include <glimpse/optim/adam.hpp>
#include <glimpse/optim/clip.hpp>
#include <glimpse/optim/optimizer.hpp>
#include <glimpse/optim/rmsprop.hpp>
#include <glimpse/optim/schedule.hpp>
#include <glimpse/optim/sgd.hpp>
#include <glimpse/optim/square_root.hpp>
