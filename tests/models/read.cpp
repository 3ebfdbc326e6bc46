// The weights that ship, on a picture that ships.
#include <glimpse/models/read.hpp>

#include <glimpse/data/load_picture.hpp>
#include <glimpse/train/model_file.hpp>

#include "tests/catch.hpp"

using namespace glimpse;

TEST_CASE("a word that stands on end is read like one that lies", "[models]") {
  const std::string examples = GLIMPSE_ROOT "/examples/";
  Reader<float> reader = load_reader(examples + "weights/compact.safetensors");
  const Picture picture = load_picture(examples + "pictures/straight_hotel.png");
  const Reading lying = read(reader, picture);
  CHECK(lying.text == "hotel");
  CHECK(lying.quarters == 0);
  for (const Index quarters : {1, 3}) {
    const Reading standing = read(reader, turned(picture, quarters));
    CHECK(standing.text == "hotel");
    CHECK(standing.quarters == 4 - quarters);
    CHECK(standing.fiducials.size(0) == 20);
    CHECK(read(reader, turned(picture, quarters), {.turns = Turns::none}).text != "hotel");
  }
  const Picture on_its_head = turned(picture, 2);
  CHECK(read(reader, on_its_head).quarters == 0);
  CHECK(read(reader, on_its_head, {.turns = Turns::all}).text == "hotel");
  CHECK_THROWS_AS(read(reader, Picture()), ValueError);
}
