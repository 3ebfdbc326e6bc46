// pooling: the largest or the mean of every window, of given windows or of as many as there should
// be outputs.
#pragma once

#include <glimpse/ops/adaptive_pool2d.hpp>
#include <glimpse/ops/average_pool2d.hpp>
#include <glimpse/ops/max_pool2d.hpp>
