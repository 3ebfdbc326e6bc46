// Reading with lexicons, by every model and in every mode, against the likelihood of every word.
#include <glimpse/models/read.hpp>

#include "bars.hpp"
#include "catch.hpp"

using namespace glimpse;

namespace {

ReaderConfig tiny(ReaderModel model) {
  ReaderConfig c = model == ReaderModel::crnn ? crnn_config("compact") : ReaderConfig{};
  c.model = model;
  c.widths = {48, 96};
  c.channels = {8, 8, 8, 8, 8, 8, 8};
  c.recurrent = c.attention = c.decoder = 12;
  c.localization_channels = {4, 4};
  c.localization_hidden = {8};
  c.localization_height = 16, c.localization_width = 16;
  return c;
}

/// An untrained model whose scores differ enough to prefer some words to others.
Reader<float> decided(ReaderModel kind, std::uint64_t seed) {
  Random random(seed);
  Reader<float> model(tiny(kind), random);
  for (const auto& p : parameters(model))
    if (p.name.find("output") != std::string::npos) {
      Variable<float> v = p.variable;
      for (float& x : v.mutable_value().span()) x *= 6;
    }
  set_training(model, false);
  return model;
}

/// ln p(word | image), from the loss that training minimizes.
double log_likelihood(Reader<float>& model, const GrayImage& image,
                      const std::vector<Index>& word) {
  const NoGrad no_grad;
  const ReaderConfig& c = model.config();
  const Index width = rectified_width(c, text_line_size(image));
  const Variable<float> seen =
      constant(detail::sampler_image(c, standardized<float>(image), width));
  const std::vector<std::vector<Index>> labels{word};
  const double mean = static_cast<double>(model.loss(seen, width, labels).item());
  const std::size_t terms =
      c.model == ReaderModel::crnn ? std::max<std::size_t>(1, word.size()) : word.size() + 1;
  return -mean * static_cast<double>(terms);
}

const std::vector<std::string> known = {"ab",   "abc", "zoo", "zap", "hello",  "help",
                                        "moon", "a",   "be",  "tea", "teapot", "sun",
                                        "x",    "q7",  "bca", "dog"};

std::vector<GrayImage> images() {
  std::vector<GrayImage> all;
  for (const std::string& word : words) all.push_back(bars(word, 32, 48));
  return all;
}

}  // namespace

TEST_CASE("out of a lexicon comes its likeliest word, with its likelihood", "[models]") {
  for (const ReaderModel kind : {ReaderModel::rare, ReaderModel::srn, ReaderModel::crnn})
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      Reader<float> model = decided(kind, seed);
      const Lexicon lexicon(known, model.charset());
      const std::vector<GrayImage> all = images();
      const ReadOptions options{.lexicon = &lexicon, .lexicon_mode = LexiconMode::posterior};
      const std::vector<Reading> together = read(model, std::span<const GrayImage>(all), options);
      for (std::size_t i = 0; i < all.size(); ++i) {
        double most = -1e9;
        std::string best;
        for (Index w = 0; w < lexicon.size(); ++w) {
          const double p = log_likelihood(model, all[i], lexicon.symbols(w));
          if (p > most) most = p, best = lexicon.word(w);
        }
        INFO(name(kind) << " " << seed << " " << best);
        CHECK(together[i].text == best);
        CHECK(std::log(together[i].confidence) == Approx(most).margin(1e-3));
        const Reading alone = read(model, all[i], options);
        CHECK(alone.text == together[i].text);
        // A beam that is wide enough sees every word too.
        const Reading wide = read(
            model, all[i], {.beam = 100, .lexicon = &lexicon, .lexicon_mode = LexiconMode::tree});
        CHECK(wide.text == best);
        CHECK(wide.confidence == Approx(together[i].confidence).epsilon(1e-3));
        CHECK(wide.attention.shape() == together[i].attention.shape());
      }
    }
}

TEST_CASE("by edit distance comes the word nearest to the free reading", "[models]") {
  for (const ReaderModel kind : {ReaderModel::rare, ReaderModel::crnn}) {
    Reader<float> model = decided(kind, 4);
    const Lexicon lexicon(known, model.charset());
    for (const GrayImage& image : images()) {
      const std::vector<Index> free = model.charset().encode(read(model, image).text);
      const Reading r =
          read(model, image, {.lexicon = &lexicon, .lexicon_mode = LexiconMode::edit});
      const BkTree::Match near = lexicon.bk_tree().nearest(free);
      const std::vector<Index> chosen = model.charset().encode(r.text);
      INFO(name(kind) << " " << model.charset().decode(free) << " to " << r.text);
      CHECK(lexicon.contains(chosen));
      if (kind == ReaderModel::rare || near.distance > 3) {
        CHECK(edit_distance(chosen, free) == near.distance);
        if (kind == ReaderModel::rare) CHECK(r.text == lexicon.word(near.word));
      } else {  // the likeliest within 3 edits
        CHECK(edit_distance(chosen, free) <= 3);
        const double p = log_likelihood(model, image, chosen);
        for (const BkTree::Match& m : lexicon.bk_tree().within(free, 3))
          CHECK(log_likelihood(model, image, lexicon.symbols(m.word)) <= p + 1e-3);
      }
      CHECK(std::log(r.confidence) == Approx(log_likelihood(model, image, chosen)).margin(1e-3));
    }
  }
}

TEST_CASE("images may have words of their own, or none", "[models]") {
  for (const ReaderModel kind : {ReaderModel::rare, ReaderModel::crnn})
    for (const LexiconMode mode : {LexiconMode::automatic, LexiconMode::edit, LexiconMode::tree}) {
      Reader<float> model = decided(kind, 5);
      const Lexicon a({"dog", "cat"}, model.charset()), b({"moon", "teapot", "x"}, model.charset());
      const std::vector<GrayImage> all = images();
      std::vector<const Lexicon*> own;
      for (std::size_t i = 0; i < all.size(); ++i)
        own.push_back(i % 3 == 0 ? &a : i % 3 == 1 ? &b : nullptr);
      const std::vector<Reading> read_together =
          read(model, std::span<const GrayImage>(all), {.lexicon_mode = mode, .lexicons = own});
      for (std::size_t i = 0; i < all.size(); ++i) {
        const Reading alone = read(model, all[i], {.lexicon = own[i], .lexicon_mode = mode});
        CHECK(read_together[i].text == alone.text);
        if (own[i]) CHECK(own[i]->contains(model.charset().encode(alone.text)));
      }
      own.pop_back();
      CHECK_THROWS_AS(read(model, std::span<const GrayImage>(all), {.lexicons = own}), ShapeError);
      const Lexicon empty;
      CHECK_THROWS_AS(read(model, all[0], {.lexicon = &empty}), ValueError);
    }
}

TEST_CASE("words that are too long for the frames are never read by CTC", "[models]") {
  Reader<float> model = decided(ReaderModel::crnn, 6);
  const std::string endless(60, 'a');
  const Lexicon lexicon({endless, "be"}, model.charset()), hopeless({endless}, model.charset());
  const GrayImage image = bars("dog", 32, 48);
  for (const LexiconMode mode : {LexiconMode::posterior, LexiconMode::tree})
    CHECK(read(model, image, {.lexicon = &lexicon, .lexicon_mode = mode}).text == "be");
  for (const LexiconMode mode : {LexiconMode::posterior, LexiconMode::tree})
    CHECK(read(model, image, {.lexicon = &hopeless, .lexicon_mode = mode}).text.empty());
}
