// nn/summary.hpp: the exact text of the table.
#include <glimpse/nn/summary.hpp>

#include "../catch.hpp"
#include "small_net.hpp"

using namespace glimpse;

TEST_CASE("the summary of a small network", "[nn]") {
  SmallNet<float> net;
  const Tensor<float> mean = net.blocks[0].norm->running_mean.clone();
  const Random::State drawn = net.dropout.random.state();
  CHECK(summary(net, small_image<float>()) ==
        "layer          kind         output        parameters  multiply-adds\n"
        "blocks.0.conv  Conv2d       (2, 3, 5, 7)          27          1,890\n"
        "blocks.0.norm  BatchNorm2d  (2, 3, 5, 7)           6            210\n"
        "blocks.1.conv  Conv2d       (2, 2, 2, 3)          56            648\n"
        "dropout        Dropout      (2, 12)\n"
        "head           Linear       (2, 4)                52             96\n"
        "total                                            141          2,844\n");
  CHECK(largest_difference(net.blocks[0].norm->running_mean, mean) == 0);
  CHECK(net.dropout.random.state() == drawn);
  CHECK(training_modes(net) == std::vector<bool>{true, true});
}

TEST_CASE("a layer that is used twice counts its parameters once", "[nn]") {
  Random rng(1);
  Linear<double> layer(3, 3, rng);
  const auto rows = layer_rows(layer, [&] { layer(layer(constant(zeros<double>({4, 3})))); });
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].parameters == 12);
  CHECK(rows[1].parameters == 0);
  CHECK(rows[1].multiply_adds == 36);
}

TEST_CASE("a model that throws leaves no recorder behind", "[nn]") {
  SmallNet<float> net;
  CHECK_THROWS_AS(summary(net, constant(zeros<float>({1, 2, 5, 7}))), ShapeError);
  CHECK(detail::layer_reports() == nullptr);
  CHECK(net.dropout.training);
  CHECK(grad_enabled());
}

TEST_CASE("numbers in groups of three", "[nn]") {
  CHECK(detail::grouped(0) == "0");
  CHECK(detail::grouped(999) == "999");
  CHECK(detail::grouped(1000) == "1,000");
  CHECK(detail::grouped(10830000) == "10,830,000");
  CHECK(detail::grouped(-1234) == "-1,234");
}
