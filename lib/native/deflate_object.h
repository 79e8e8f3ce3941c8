// CodecObject: what the JavaScript classes Deflater and Inflater have in common: who owns the zlib
// state, and work on it off the loop's thread, one message at a time.
//
// The wrap owns one reference, work in progress another: neither the collector nor the end of the
// environment frees what the other thread uses. All but Work() runs on the environment's thread.
#ifndef LANDSPOUT_DEFLATE_OBJECT_H_
#define LANDSPOUT_DEFLATE_OBJECT_H_

#include <node_api.h>

#include <cstdlib>
#include <cstring>
#include <utility>

#include "deflate_codec.h"
#include "napi_args.h"

namespace landspout {

class CodecObject {
 public:
  CodecObject() = default;
  CodecObject(const CodecObject&) = delete;
  CodecObject& operator=(const CodecObject&) = delete;

  void Unref() {
    if (--references_ == 0) delete this;
  }

  // Makes `self` the JavaScript object of this one, which is its owner from here on. Returns self;
  // null with an exception pending if that cannot be done.
  napi_value Wrap(napi_env env, napi_value self, const napi_type_tag& tag);

  bool busy() const { return busy_; }
  bool closed() const { return closed_; }
  // Frees everything, if need be when the work in progress has ended.
  void Close(napi_env env);

  // Copies what the work is to read. false: no memory.
  bool Keep(const unsigned char* bytes, size_t size);
  // Has Work() done on another thread. Returns its promise of a Buffer or a CodecResult; null with
  // an exception pending if it cannot be started.
  napi_value Start(napi_env env, napi_value self);
  // Tells V8 what is held now.
  void Report(napi_env env);

  virtual size_t held() const = 0;

 protected:
  virtual ~CodecObject() { DropInput(); }
  // Off the thread: compresses or decompresses input_ into output_.
  virtual CodecResult Work() = 0;
  virtual void Free() = 0;

  unsigned char* input_ = nullptr;
  size_t input_size_ = 0;
  CodecOutput output_;

 private:
  struct Job;
  static void Execute(napi_env env, void* data);
  static void Complete(napi_env env, napi_status status, void* data);
  void DropInput() {
    std::free(std::exchange(input_, nullptr));
    input_size_ = 0;
  }

  int references_ = 1;
  bool busy_ = false;
  bool closed_ = false;
  size_t reported_ = 0;
};

// What a synchronous call returns: how many bytes are in the area lent, a Buffer if they did not
// fit, or the (negative) result.
napi_value Delivered(napi_env env, CodecResult result, CodecOutput* output);

// The object behind `this`, idle and open; null with an exception pending otherwise.
CodecObject* UnwrapIdle(napi_env env, napi_value self, const napi_type_tag& tag);
// Likewise, in whatever state.
CodecObject* UnwrapCodec(napi_env env, napi_value self, const napi_type_tag& tag);

// The zlib for a constructor that was called with new; null with an exception pending otherwise.
const Zlib* ZlibForNew(napi_env env, napi_callback_info info);

// As Args::Buffer, refused if zlib cannot count it.
bool CheckSize(napi_env env, const ByteView& bytes);

// Runs a message on this thread, on an object from UnwrapIdle(), null included. `how`: what the
// object's Run() and Next() take.
template <typename Codec, typename How>
napi_value RunHere(napi_env env, Codec* codec, const ByteView& bytes, const How& how,
                   const ByteView& area) {
  if (codec == nullptr) return nullptr;
  CodecOutput output(reinterpret_cast<unsigned char*>(area.data), area.size);
  const CodecResult result = codec->Run(bytes, how, &output);
  codec->Report(env);
  return Delivered(env, result, &output);
}

// Likewise on another one; see Start().
template <typename Codec, typename How>
napi_value RunElsewhere(napi_env env, napi_value self, Codec* codec, const ByteView& bytes,
                        const How& how) {
  if (codec == nullptr) return nullptr;
  if (!codec->Keep(reinterpret_cast<unsigned char*>(bytes.data), bytes.size)) {
    return Delivered(env, RESULT_NO_MEMORY, nullptr);
  }
  codec->Next(how);
  return codec->Start(env, self);
}

// heldBytes(), close(): of both classes.
template <const napi_type_tag& tag>
napi_value HeldBytes(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  const CodecObject* codec = UnwrapCodec(env, args.self(), tag);
  if (codec == nullptr) return nullptr;
  // The other thread counts while it works.
  return Number(env, codec->busy() ? -1 : static_cast<double>(codec->held()));
}

template <const napi_type_tag& tag>
napi_value CloseCodec(napi_env env, napi_callback_info info) {
  Args<0> args(env, info);
  CodecObject* codec = UnwrapCodec(env, args.self(), tag);
  if (codec != nullptr) codec->Close(env);
  return nullptr;
}

// Add the classes and the numbers of CodecResult to the addon.
void DefineDeflater(napi_env env, napi_value exports);
void DefineInflater(napi_env env, napi_value exports);

}  // namespace landspout

#endif  // LANDSPOUT_DEFLATE_OBJECT_H_
