// translate_dates: trains Bahdanau's encoder-decoder to convert dates from many spellings into one
// form.
//
//   "the 3rd of March, 1998"  "3.3.98"  "Tuesday 3 march 1998"  "march 3, '98"   -->   1998-03-03
//
//   characters --> embedding --> bidirectional GRU --> h_i
//   e_ti = w^T tanh(W s_t-1 + V h_i + b),   a_t = softmax(e_t)
//
// The dates of training and test are disjoint: a hash of its number decides if a day is held out, in
// all its spellings. The image shows, for one date, the input characters that each digit came from.
//
//   translate_dates --out dates.png
//
// docs/models.md has the accuracy. After 700 steps it is 99.7 % (two Zen 4 cores).
#include <cstdio>
#include <string>
#include <vector>

#include <glimpse/io/image.hpp>
#include <glimpse/models/seq2seq.hpp>
#include <glimpse/train/train_loop.hpp>
#include <glimpse/viz/alignment.hpp>

#include "program.hpp"

using namespace glimpse;

namespace {

const std::vector<std::string> months = {"january",   "february", "march",    "april",
                                         "may",       "june",     "july",     "august",
                                         "september", "october",  "november", "december"};
const std::vector<std::string> days = {"sunday",   "monday", "tuesday", "wednesday",
                                       "thursday", "friday", "saturday"};

struct Date {
  int year, month, day, weekday;
};

/// Day number `n` from 1 January 1951, a Monday.
Date date_of(Index n) {
  Date d{1951, 1, 1, static_cast<int>((n + 1) % 7)};
  const auto leap = [](int y) { return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0; };
  for (; n >= (leap(d.year) ? 366 : 365); ++d.year) n -= leap(d.year) ? 366 : 365;
  const int lengths[] = {31, leap(d.year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (; n >= lengths[d.month - 1]; ++d.month) n -= lengths[d.month - 1];
  d.day = static_cast<int>(n) + 1;
  return d;
}
constexpr Index all_days = 36525;  // 1951 to 2050: two digits identify the year

bool held_out(Index n) { return Random(7, static_cast<std::uint64_t>(n)).uniform_int(8) == 0; }

std::string text(const char* form, int v) {
  char s[16];
  std::snprintf(s, sizeof s, form, v);
  return s;
}

std::string iso(const Date& d) {
  return text("%04d", d.year) + "-" + text("%02d", d.month) + "-" + text("%02d", d.day);
}

/// A random spelling of the date.
std::string spell(const Date& d, Random& rng) {
  const auto pick = [&](std::vector<std::string> of) {
    return of[static_cast<std::size_t>(rng.uniform_int(std::ssize(of)))];
  };
  const char* suffix = d.day % 10 == 1 && d.day != 11   ? "st"
                       : d.day % 10 == 2 && d.day != 12 ? "nd"
                       : d.day % 10 == 3 && d.day != 13 ? "rd"
                                                        : "th";
  const std::string name = months[static_cast<std::size_t>(d.month - 1)],
                    week = days[static_cast<std::size_t>(d.weekday)];
  const std::string month = pick({name, name, name.substr(0, 3), name.substr(0, 3) + "."});
  const std::string day =
      pick({text("%d", d.day), text("%02d", d.day), text("%d", d.day) + suffix});
  const std::string year =
      pick({text("%d", d.year), text("%d", d.year), "'" + text("%02d", d.year % 100)});
  const std::string dd = pick({text("%d", d.day), text("%02d", d.day)}),
                    mm = pick({text("%d", d.month), text("%02d", d.month)});
  const std::string yy = pick({text("%d", d.year), text("%02d", d.year % 100)});
  std::string s = pick(
      {day + " " + month + " " + year, month + " " + day + ", " + year,
       "the " + text("%d", d.day) + suffix + " of " + name + ", " + year,
       dd + "." + mm + "." + yy,  // with dots the day is first
       mm + "/" + dd + "/" + yy,  // with slashes the month is first
       text("%d", d.year) + "/" + text("%02d", d.month) + "/" + text("%02d", d.day),
       year + ", " + name + " " + day, dd + "-" + name.substr(0, 3) + "-" + text("%d", d.year)});
  if (rng.bernoulli(0.25)) s = pick({week + ", ", week + " ", week.substr(0, 3) + ". "}) + s;
  if (rng.bernoulli(0.3)) {
    for (char& c : s)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  } else if (rng.bernoulli(0.6)) {
    for (std::size_t i = 0; i < s.size(); ++i)
      if (s[i] >= 'a' && s[i] <= 'z' && (i == 0 || s[i - 1] == ' ') && s.compare(i, 2, "of") != 0)
        s[i] = static_cast<char>(s[i] - 32);
  }
  return s;
}

const std::string target = "0123456789-";

std::vector<Index> characters(const std::string& s) {  // ASCII codes, minus that of the space
  std::vector<Index> symbols;
  for (const char c : s) symbols.push_back(c - ' ');
  return symbols;
}
std::vector<Index> digits(const std::string& s) {
  std::vector<Index> symbols;
  for (const char c : s) symbols.push_back(static_cast<Index>(target.find(c)));
  return symbols;
}
std::string written(const std::vector<Index>& symbols) {
  std::string s;
  for (const Index i : symbols) s += target[static_cast<std::size_t>(i)];
  return s;
}

struct Pairs {
  std::vector<std::string> spelled, meant;
  std::vector<std::vector<Index>> from, to;
};

/// Dates of the test or of the training.
Pairs draw(Index count, bool unseen, Random rng) {
  Pairs p;
  while (std::ssize(p.to) < count) {
    const Index n = rng.uniform_int(all_days);
    if (held_out(n) != unseen) continue;
    const Date d = date_of(n);
    p.spelled.push_back(spell(d, rng)), p.meant.push_back(iso(d));
    p.from.push_back(characters(p.spelled.back())), p.to.push_back(digits(p.meant.back()));
  }
  return p;
}

/// The share of dates converted exactly. Prints the first few errors.
double exact(Seq2Seq<float>& model, const Pairs& test, Index shown) {
  Index right = 0;
  for (std::size_t at = 0; at < test.from.size(); at += 128) {
    const std::size_t count = std::min<std::size_t>(128, test.from.size() - at);
    const auto readings = model.read(std::span(test.from).subspan(at, count), {.max_length = 12});
    for (std::size_t i = 0; i < count; ++i) {
      const bool ok = readings[i].symbols == test.to[at + i];
      right += ok;
      if (!ok && shown-- > 0)
        std::printf("  %-36s %s, should be %s\n", test.spelled[at + i].c_str(),
                    written(readings[i].symbols).c_str(), test.meant[at + i].c_str());
    }
  }
  return static_cast<double>(right) / static_cast<double>(test.from.size());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Trains a model that converts dates from many spellings to the form 1998-03-03.",
               "translate_dates");
  LoopOptions loop{.steps = 3000, .learning_rate = 5e-3};
  std::string out, date = "the 3rd of March, 1998";
  Index batch = 32;
  int threads = 0;
  std::uint64_t seed = 1;
  app.add_option("--steps", loop.steps, "training steps")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--minutes", loop.minutes, "wall-clock budget in minutes, instead of --steps")
      ->check(CLI::PositiveNumber);
  app.add_option("--batch", batch, "dates per step")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--weights", loop.checkpoint, "file for the weights; --resume continues from it");
  app.add_flag("--resume", loop.resume, "continue from --weights");
  app.add_option("--date", date, "date to show in the image")->capture_default_str();
  app.add_option("--out", out, "image of the attention weights to write, PNG");
  app.add_option("--threads", threads, "number of threads (default: all cores)")
      ->check(CLI::PositiveNumber);
  app.add_option("--seed", seed, "seed of weights and dates")->capture_default_str();
  return run_program(app, argc, argv, [&] {
    if (threads > 0) set_num_threads(threads);
    if (date.empty()) fail("--date", "expected a date, got an empty text");
    for (const char c : date)
      if (c < ' ' || c > '~')
        fail("--date", "expected printable ASCII characters, got another one");
    Random rng(seed);
    Seq2Seq<float> model({.from = 96,
                          .to = std::ssize(target),
                          .embedding = 16,
                          .encoder = 32,
                          .decoder = 64,
                          .attention = 32},
                         rng);
    std::printf("%td parameters\n", count_parameters(model));
    const Pairs test = draw(2000, true, Random(99));
    const LoopResult result = train_loop(
        model, loop,
        [&](Index step) {
          const Pairs p = draw(batch, false, Random(seed, static_cast<std::uint64_t>(step) + 1));
          return model.loss(p.from, p.to);
        },
        [](Index) {});
    std::printf("%s\n", result.text().c_str());
    std::printf("%.2f %% of %zu unseen dates exact\n", 100 * exact(model, test, 5),
                test.from.size());
    if (out.empty()) return 0;
    std::vector<std::vector<Index>> one{characters(date)};
    const auto reading = model.read(one, {.max_length = 12}).front();
    AlignmentView view{.title = date + "  -->  " + written(reading.symbols),
                       .attention = reading.attention};
    for (const char c : date) view.from.emplace_back(1, c);
    for (const char c : written(reading.symbols)) view.to.emplace_back(1, c);
    view.to.push_back("end");
    write_png(out, draw(view));
    std::printf("%s: %s\n", out.c_str(), view.title.c_str());
    return 0;
  });
}
