// The JavaScript class Deflater: a Compressor.
#include "deflate_object.h"

namespace landspout {

namespace {

constexpr napi_type_tag kTag = {0x6c616e6473706f75ull, 0x742d6465666c6174ull};

class DeflaterObject final : public CodecObject {
 public:
  DeflaterObject(const Zlib& zlib, int window_bits, int mem_level, int level)
      : compressor_(zlib, window_bits, mem_level, level) {}

  CodecResult Run(const ByteView& bytes, bool takeover, CodecOutput* out) {
    return compressor_.Run(reinterpret_cast<unsigned char*>(bytes.data), bytes.size, takeover, out);
  }
  void Release() { compressor_.Release(); }
  void Next(bool takeover) { takeover_ = takeover; }
  size_t held() const override { return compressor_.held(); }

 private:
  CodecResult Work() override { return compressor_.Run(input_, input_size_, takeover_, &output_); }
  void Free() override { compressor_.Release(); }

  Compressor compressor_;
  bool takeover_ = false;
};

DeflaterObject* Idle(napi_env env, napi_value self) {
  return static_cast<DeflaterObject*>(UnwrapIdle(env, self, kTag));
}

// new Deflater(windowBits, memLevel, level)
napi_value New(napi_env env, napi_callback_info info) {
  const Zlib* zlib = ZlibForNew(env, info);
  if (zlib == nullptr) return nullptr;
  Args<3> args(env, info);
  const auto [window_bits, mem_level, level] = args.Take<int32_t, int32_t, int32_t>();
  if (!args.ok()) return nullptr;
  // zlib makes no raw stream of 8 bits.
  if (window_bits < 9 || window_bits > 15) return ThrowRange(env, "windowBits must be 9 to 15");
  if (mem_level < 1 || mem_level > 9) return ThrowRange(env, "memLevel must be 1 to 9");
  if (level < 0 || level > 9) return ThrowRange(env, "level must be 0 to 9");
  return (new DeflaterObject(*zlib, window_bits, mem_level, level))->Wrap(env, args.self(), kTag);
}

// compress(bytes, takeover, area): see Delivered().
napi_value Compress(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  const auto [bytes, takeover, area] = args.Take<ByteView, bool, ByteView>();
  if (!args.ok() || !CheckSize(env, bytes)) return nullptr;
  return RunHere(env, Idle(env, args.self()), bytes, takeover, area);
}

// compressAsync(bytes, takeover): a promise of a Buffer or a result.
napi_value CompressAsync(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  const auto [bytes, takeover] = args.Take<ByteView, bool>();
  if (!args.ok() || !CheckSize(env, bytes)) return nullptr;
  return RunElsewhere(env, args.self(), Idle(env, args.self()), bytes, takeover);
}

// release(): frees the state; the next message starts a new window.
napi_value Release(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  DeflaterObject* deflater = Idle(env, args.self());
  if (deflater == nullptr) return nullptr;
  deflater->Release();
  deflater->Report(env);
  return nullptr;
}

}  // namespace

void DefineDeflater(napi_env env, napi_value exports) {
  DefineClass(env, exports, "Deflater", New,
              {{"compress", Compress},
               {"compressAsync", CompressAsync},
               {"release", Release},
               {"heldBytes", HeldBytes<kTag>},
               {"close", CloseCodec<kTag>}});
}

}  // namespace landspout
