// data/load_background_images.hpp: photographs from folders, and faulty folders.
#include <filesystem>
#include <fstream>

#include <glimpse/data/load_background_images.hpp>

#include "catch.hpp"
#include "scratch.hpp"

using namespace glimpse;

TEST_CASE("photographs are found in folders and reduced, what cannot be read is left out",
          "[data]") {
  namespace fs = std::filesystem;
  const fs::path folder = scratch_path("photos");
  fs::create_directories(folder / "below" / "closed");
  CHECK_THROWS_AS(load_background_images({}), IoError);
  CHECK_THROWS_AS(load_background_images({(folder / "missing").string()}), IoError);
  CHECK_THROWS_WITH(load_background_images({folder.string()}), Catch::Contains("no usable image"));
  write_png((folder / "a.png").string(), full<float>({400, 500}, 0.5f));
  write_png((folder / "below" / "b.PNG").string(), full<float>({70, 90}, 0.2f));
  write_png((folder / "below" / "c_nm.png").string(), full<float>({70, 90}, 0.2f));
  write_png((folder / "small.png").string(), full<float>({20, 90}, 0.2f));
  std::ofstream(folder / "broken.jpg") << "no image";
  fs::permissions(folder / "below" / "closed", fs::perms::none);
  const synth::BackgroundImages backgrounds = load_background_images({folder.string()});
  fs::permissions(folder / "below" / "closed", fs::perms::owner_all);
  CHECK(backgrounds.size() == 2);
}
