// sign texts: patterns of other texts on signs: times, dates, telephone numbers, brackets,
// addresses, formulas.
//
//   W   a word        A   a capital letter        0   a digit        all else is literal
#pragma once

#include <string_view>

namespace glimpse::inline v0::synth {

inline constexpr std::string_view sign_texts[] = {
    // addresses
    "W@W.com", "W.W@W.org", "info@W.net", "W_00@W.com", "W-W@W.co", "www.W.com/W", "W.com/W",
    "W.W", "@W", "#W", "#W00", "W_W", "W_00", "/W", "/W/W", "W/W.html", "A:\\W", "W\\W", "~W",
    "~/W",
    // times and dates
    "0:00", "00:00", "0:00am", "00:00-00:00", "00.00h", "0-0", "00/00/0000", "00.00.00",
    "0000-00-00", "00/00", "'00", "24/7",
    // telephone numbers
    "(000)000-0000", "000-0000", "+00-000-0000", "00/000000", "000.000.0000", "(0000)00000",
    // numbers
    "No.0", "No.00", "#0", "#00", "0)", "(0)", "00%", "-00%", "00%+", "+00%", "~00%", "0.0%",
    "00-00", "0.0m", "1:000", "00+", "+0", "-0", "00\"", "0'00\"", "0/0", "1/2", "0,000", "[00]",
    "000*", "{0}",
    // prices
    "$00", "$0/kg", "$00+", "$0,000", "€00", "00€", "€0.00", "€0,00", "£00", "£0.00", "¥000", "00¢",
    // joined words
    "W/W", "A/A", "km/h", "and/or", "A&A", "W&W", "W+W", "A+", "A++", "W*W", "A-W", "W-W-W", "A|A",
    "W|W", "W;W", "W=W", "A.A.", "A.A.A.", "St.W", "Dr.W", "O'W", "W's", "W:0",
    // brackets and quotes
    "(W)", "[W]", "{W}", "<W>", "<<W", "W>>", "\"W\"", "'W'", "`W`", "*W*", "**W**", "-W-", "~W~",
    "(W", "W)", "\"W", "W\"", "«W»", "„W“", "“W”", "‘W’",
    // formulas
    "0+0=0", "0*0=00", "A=0", "A+A=A", "<0", ">00", "0<0", "A>A", "0^0", "A^0", "A_0", "{A}", "|A|",
    "A:=0", "A{0}", "A[0]", "A(0)", "$A",
    // ends
    "W!", "W!!", "W?", "W?!", "W;", "W,", "W:", "W...", "W.", "¡W!", "¿W?", "W°", "00°", "W®", "W™",
    // with blanks
    "W W", "W & W", "No. 0", "W W W", "0 km", "00 %", "W, W", "W - W", "A. W", "W 00", "(W W)"};

}  // namespace glimpse::inline v0::synth
