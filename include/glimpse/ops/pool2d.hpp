// pool2d: all pooling operations: max_pool2d, average_pool2d and the adaptive ones.
#pragma once

#include <glimpse/ops/adaptive_pool2d.hpp>
#include <glimpse/ops/average_pool2d.hpp>
#include <glimpse/ops/max_pool2d.hpp>
