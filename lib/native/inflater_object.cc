// The JavaScript class Inflater: a Decompressor. Exports the numbers of CodecResult, too.
#include "deflate_object.h"

namespace landspout {

namespace {

constexpr napi_type_tag kTag = {0x6c616e6473706f75ull, 0x742d696e666c6174ull};
// Off the loop's thread a message is not interrupted.
constexpr size_t kNoBudget = SIZE_MAX / 4;

class InflaterObject final : public CodecObject {
 public:
  InflaterObject(const Zlib& zlib, int window_bits) : decompressor_(zlib, window_bits) {}

  // What the budget does not allow is kept for Work().
  CodecResult Run(const ByteView& bytes, const DecompressLimits& limits, CodecOutput* out) {
    size_t consumed = 0;
    const unsigned char* data = reinterpret_cast<unsigned char*>(bytes.data);
    const CodecResult result = decompressor_.Run(data, bytes.size, limits, out, &consumed);
    if (result != RESULT_UNFINISHED) return result;
    if (!out->Own() || !Keep(data + consumed, bytes.size - consumed)) {
      decompressor_.Close();
      return RESULT_NO_MEMORY;
    }
    output_ = static_cast<CodecOutput&&>(*out);
    Next(limits);
    is_unfinished_ = true;
    return RESULT_UNFINISHED;
  }
  void Next(const DecompressLimits& limits) {
    limits_ = limits;
    limits_.budget = kNoBudget;
  }
  bool unfinished() const { return is_unfinished_; }
  void GoOn() { is_unfinished_ = false; }
  bool Release() { return decompressor_.Release(); }
  size_t held() const override { return decompressor_.held(); }

 private:
  CodecResult Work() override {
    size_t consumed = 0;
    return decompressor_.Run(input_, input_size_, limits_, &output_, &consumed);
  }
  void Free() override { decompressor_.Close(); }

  Decompressor decompressor_;
  DecompressLimits limits_ = {};
  bool is_unfinished_ = false;
};

// Idle, and not in the middle of a message.
InflaterObject* Idle(napi_env env, napi_value self) {
  InflaterObject* inflater = static_cast<InflaterObject*>(UnwrapIdle(env, self, kTag));
  if (inflater == nullptr || !inflater->unfinished()) return inflater;
  napi_throw_error(env, "ERR_STATE", "the last message is unfinished: finishAsync() is due");
  return nullptr;
}

// new Inflater(windowBits)
napi_value New(napi_env env, napi_callback_info info) {
  const Zlib* zlib = ZlibForNew(env, info);
  if (zlib == nullptr) return nullptr;
  Args<1> args(env, info);
  const int32_t window_bits = args.Int(0);
  if (!args.ok()) return nullptr;
  if (window_bits < 8 || window_bits > 15) return ThrowRange(env, "windowBits must be 8 to 15");
  return (new InflaterObject(*zlib, window_bits))->Wrap(env, args.self(), kTag);
}

// decompress(bytes, maxBytes, takeover, area, budget): see Delivered().
napi_value Decompress(napi_env env, napi_callback_info info) {
  Args<5> args(env, info);
  const auto [bytes, most, takeover, area, budget] =
      args.Take<ByteView, int32_t, bool, ByteView, int32_t>();
  if (!args.ok() || !CheckSize(env, bytes)) return nullptr;
  if (most < 0 || budget < 0) return ThrowRange(env, "maxBytes and budget must not be negative");
  const DecompressLimits limits = {static_cast<size_t>(most), static_cast<size_t>(budget),
                                   takeover};
  return RunHere(env, Idle(env, args.self()), bytes, limits, area);
}

// decompressAsync(bytes, maxBytes, takeover): a promise of a Buffer or a result.
napi_value DecompressAsync(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  const auto [bytes, most, takeover] = args.Take<ByteView, int32_t, bool>();
  if (!args.ok() || !CheckSize(env, bytes)) return nullptr;
  if (most < 0) return ThrowRange(env, "maxBytes must not be negative");
  const DecompressLimits limits = {static_cast<size_t>(most), 0, takeover};
  return RunElsewhere(env, args.self(), Idle(env, args.self()), bytes, limits);
}

// finishAsync(): goes on with a message that decompress() has not finished.
napi_value FinishAsync(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  InflaterObject* inflater = static_cast<InflaterObject*>(UnwrapIdle(env, args.self(), kTag));
  if (inflater == nullptr) return nullptr;
  if (!inflater->unfinished()) {
    return Throw(env, "ERR_STATE", "no message is unfinished");
  }
  inflater->GoOn();
  return inflater->Start(env, args.self());
}

// release(): frees all but the window. Returns false if the last message is unfinished.
napi_value Release(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  InflaterObject* inflater = static_cast<InflaterObject*>(UnwrapIdle(env, args.self(), kTag));
  if (inflater == nullptr) return nullptr;
  const bool is_released = inflater->Release();
  inflater->Report(env);
  return Boolean(env, is_released);
}

}  // namespace

void DefineInflater(napi_env env, napi_value exports) {
  DefineClass(env, exports, "Inflater", New,
              {{"decompress", Decompress},
               {"decompressAsync", DecompressAsync},
               {"finishAsync", FinishAsync},
               {"release", Release},
               {"heldBytes", HeldBytes<kTag>},
               {"close", CloseCodec<kTag>}});
  napi_value results = nullptr;
  napi_create_object(env, &results);
#define LANDSPOUT_EXPORT(name, value) \
  napi_set_named_property(env, results, #name, Number(env, value));
  LANDSPOUT_CODEC_RESULTS(LANDSPOUT_EXPORT)
#undef LANDSPOUT_EXPORT
  napi_set_named_property(env, exports, "codecResults", results);
}

}  // namespace landspout
