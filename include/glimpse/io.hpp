// io: everything that goes to files and comes from them, save images (io/image.hpp pulls in stb, so
// ask for it by name). Needs nlohmann/json; that is why glimpse.hpp does not include it.
#pragma once

#include <glimpse/io/checkpoint.hpp>
#include <glimpse/io/dtype.hpp>
#include <glimpse/io/file.hpp>
#include <glimpse/io/half.hpp>
#include <glimpse/io/npy.hpp>
#include <glimpse/io/npz.hpp>
#include <glimpse/io/safetensors.hpp>
#include <glimpse/io/state.hpp>
