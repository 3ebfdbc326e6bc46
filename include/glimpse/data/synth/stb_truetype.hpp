// stb_truetype: compiled only here, with internal linkage and in a namespace of ours, so that a
// copy in the user's program does not conflict. Its asserts throw, because they guard against
// damaged files.
#pragma once

#include <cmath>
#include <cstdlib>
#include <cstring>

#include <glimpse/core/error.hpp>

#pragma push_macro("__STB_INCLUDE_STB_TRUETYPE_H__")
#undef __STB_INCLUDE_STB_TRUETYPE_H__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_TRUETYPE_IMPLEMENTATION
#define STBTT_STATIC
#define STBTT_ifloor(x) (static_cast<int>(std::floor(x)))
#define STBTT_iceil(x) (static_cast<int>(std::ceil(x)))
#define STBTT_sqrt(x) std::sqrt(x)
#define STBTT_pow(x, y) std::pow(x, y)
#define STBTT_fmod(x, y) std::fmod(x, y)
#define STBTT_cos(x) std::cos(x)
#define STBTT_acos(x) std::acos(x)
#define STBTT_fabs(x) std::fabs(x)
#define STBTT_malloc(x, u) ((void)(u), std::malloc(x))
#define STBTT_free(x, u) ((void)(u), std::free(x))
#define STBTT_assert(x) ((x) ? void(0) : throw ::glimpse::IoError("font: broken outline data"))
#define STBTT_strlen(x) std::strlen(x)
#define STBTT_memcpy std::memcpy
#define STBTT_memset std::memset
namespace glimpse::inline v0::synth::stb {
#if __has_include(<stb/stb_truetype.h>)
#include <stb/stb_truetype.h>
#else
#include <stb_truetype.h>
#endif
}  // namespace glimpse::inline v0::synth::stb
#undef STB_TRUETYPE_IMPLEMENTATION
#undef STBTT_STATIC
#undef STBTT_DEF
#undef STBTT_ifloor
#undef STBTT_iceil
#undef STBTT_sqrt
#undef STBTT_pow
#undef STBTT_fmod
#undef STBTT_cos
#undef STBTT_acos
#undef STBTT_fabs
#undef STBTT_malloc
#undef STBTT_free
#undef STBTT_assert
#undef STBTT_strlen
#undef STBTT_memcpy
#undef STBTT_memset
#pragma GCC diagnostic pop
#pragma pop_macro("__STB_INCLUDE_STB_TRUETYPE_H__")
