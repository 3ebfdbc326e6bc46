// Every public class template, instantiated for float and double, because unused members must
// compile too.
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>

#include <glimpse/autograd/gradcheck.hpp>
#include <glimpse/autograd/to_dot.hpp>
#include <glimpse/models/crnn.hpp>
#include <glimpse/models/incremental_decoder.hpp>
#include <glimpse/models/speech_recognizer.hpp>
#include <glimpse/models/image_captioner.hpp>
#include <glimpse/models/rare.hpp>
#include <glimpse/models/seq2seq.hpp>
#include <glimpse/models/read.hpp>
#include <glimpse/nn/additive_attention.hpp>
#include <glimpse/nn/attention.hpp>
#include <glimpse/nn/batch_norm.hpp>
#include <glimpse/nn/bidirectional.hpp>
#include <glimpse/nn/conv2d.hpp>
#include <glimpse/nn/conv_block.hpp>
#include <glimpse/nn/dropout.hpp>
#include <glimpse/nn/embedding.hpp>
#include <glimpse/nn/gru.hpp>
#include <glimpse/nn/layer_norm.hpp>
#include <glimpse/nn/linear.hpp>
#include <glimpse/nn/lstm.hpp>
#include <glimpse/nn/module.hpp>
#include <glimpse/nn/multi_head_attention.hpp>
#include <glimpse/nn/sequential.hpp>
#include <glimpse/ops/attention_gru.hpp>
#include <glimpse/optim/adadelta.hpp>
#include <glimpse/optim/adam.hpp>
#include <glimpse/optim/rmsprop.hpp>
#include <glimpse/optim/sgd.hpp>

#include "../catch.hpp"
#include "golden.hpp"

namespace glimpse::inline v0 {

#define GLIMPSE_BOTH(NAME)     \
  template struct NAME<float>; \
  template struct NAME<double>
#define GLIMPSE_BOTH_CLASS(NAME) \
  template class NAME<float>;    \
  template class NAME<double>

GLIMPSE_BOTH_CLASS(Tensor);
GLIMPSE_BOTH_CLASS(Matrix);
template class Matrix<const float>;
template class Matrix<const double>;

GLIMPSE_BOTH(Node);
GLIMPSE_BOTH_CLASS(Gradients);
GLIMPSE_BOTH_CLASS(Variable);

GLIMPSE_BOTH(Glimpse);

GLIMPSE_BOTH(Linear);
GLIMPSE_BOTH(Conv2d);
GLIMPSE_BOTH_CLASS(kernel::PreparedFilters);
GLIMPSE_BOTH(ConvBlock);
GLIMPSE_BOTH(BatchNorm2d);
GLIMPSE_BOTH(LayerNorm);
GLIMPSE_BOTH(Dropout);
GLIMPSE_BOTH(Embedding);
GLIMPSE_BOTH(Lstm);
GLIMPSE_BOTH(Gru);
GLIMPSE_BOTH(AdditiveAttention);
GLIMPSE_BOTH(AttentionMemory);
GLIMPSE_BOTH(Attention);
GLIMPSE_BOTH(MultiHeadAttention);
GLIMPSE_BOTH(NamedParameter);
GLIMPSE_BOTH(NamedTensor);
template struct Bidirectional<Lstm<float>>;
template struct Bidirectional<Gru<double>>;
template struct Stacked<Bidirectional<Lstm<float>>>;
template struct Stacked<Gru<double>>;
template struct Sequential<Linear<float>, Relu, Linear<float>>;
template struct Sequential<Conv2d<double>, MaxPool2d, Flatten, Linear<double>>;

GLIMPSE_BOTH_CLASS(Sgd);
GLIMPSE_BOTH_CLASS(Adam);
GLIMPSE_BOTH_CLASS(AdamW);
GLIMPSE_BOTH_CLASS(Adadelta);
GLIMPSE_BOTH_CLASS(Rmsprop);

GLIMPSE_BOTH(Localization);
GLIMPSE_BOTH(Rectified);
GLIMPSE_BOTH(Rectifier);
GLIMPSE_BOTH(Encoder);
GLIMPSE_BOTH(AttentionGruWeights);
GLIMPSE_BOTH(AttentionDecoder);
GLIMPSE_BOTH_CLASS(IncrementalDecoder);
GLIMPSE_BOTH(Recognizer);
GLIMPSE_BOTH(SequenceReading);
GLIMPSE_BOTH(SequenceDecoder);
GLIMPSE_BOTH(Seq2Seq);
GLIMPSE_BOTH(SpeechRecognizer);
GLIMPSE_BOTH(ImageCaptioner);
GLIMPSE_BOTH(Rare);
GLIMPSE_BOTH(Crnn);
GLIMPSE_BOTH(Reader);
GLIMPSE_BOTH_CLASS(AttentionWordDecoder);
GLIMPSE_BOTH_CLASS(CtcWordDecoder);

}  // namespace glimpse::inline v0

TEST_CASE("every public class template is instantiated", "[registry]") {
  const std::string root = glimpse::rig::project_root();
  std::ifstream here(root + "/tests/op_test/instantiate.cpp");
  std::stringstream text;
  text << here.rdbuf();
  const std::regex declared(R"(^(?:struct|class) (\w+)(?!.*;$))");
  std::size_t found = 0;
  for (const char* folder : {"core", "autograd", "ops", "nn", "optim", "models"})
    for (const auto& entry :
         std::filesystem::directory_iterator(root + "/include/glimpse/" + folder)) {
      if (entry.path().extension() != ".hpp") continue;
      std::ifstream header(entry.path());
      std::string before, line;
      bool hidden = false;  // inside namespace detail or kernel
      while (std::getline(header, line)) {
        if (line.rfind("namespace ", 0) == 0) hidden = line.rfind("namespace glimpse::inline v0 {", 0) != 0;
        if (line.rfind("}  // namespace", 0) == 0) hidden = false;
        std::smatch match;
        if (!hidden && before.rfind("template <class T", 0) == 0 && before.find(',') == std::string::npos &&
            std::regex_search(line, match, declared)) {
          ++found;
          INFO(entry.path().filename().string()
               << ": " << match[1] << " is not in tests/op_test/instantiate.cpp");
          CHECK(text.str().find("(" + match[1].str() + ");") != std::string::npos);
        }
        before = line;
      }
    }
  CHECK(found > 20);
}
