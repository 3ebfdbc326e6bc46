// The published weights, on an image of the repository.
#include <glimpse/models/read.hpp>

#include <glimpse/data/load_image.hpp>
#include <glimpse/text/protocol.hpp>
#include <glimpse/train/model_file.hpp>

#include "tests/catch.hpp"

using namespace glimpse;

TEST_CASE("a word that stands on end is read like one that lies", "[models]") {
  const std::string examples = GLIMPSE_ROOT "/examples/";
  Reader<float> reader = load_reader(examples + "weights/compact.safetensors");
  const GrayImage image = load_image(examples + "images/straight_hotel.png");
  const Reading lying = read(reader, image);
  CHECK(normalize(lying.text) == "hotel");
  CHECK(lying.quarters == 0);
  for (const Index quarters : {1, 3}) {
    const Reading upright = read(reader, rotate90(image, quarters));
    CHECK(normalize(upright.text) == "hotel");
    CHECK(upright.quarters == 4 - quarters);
    CHECK(upright.fiducials.size(0) == 20);
    CHECK(normalize(
              read(reader, rotate90(image, quarters), {.rotations = RotationPolicy::none}).text) !=
          "hotel");
  }
  const GrayImage on_its_head = rotate90(image, 2);
  CHECK(read(reader, on_its_head).quarters == 0);
  CHECK(normalize(read(reader, on_its_head, {.rotations = RotationPolicy::all}).text) == "hotel");
  CHECK_THROWS_AS(read(reader, GrayImage()), ValueError);
}
