# How npm builds the addon: lib/native/*.cc into build/Release/landspout.node.
#
# Nothing is linked but libstdc++: Node-API, libuv and llhttp are symbols of the node executable.
# No -march: one binary serves every x86-64 or arm64 machine that its libc allows.
# test/tools/addon.mjs builds the same sources with sanitizers in build-asan/.
{
  "variables": {
    "landspout_sanitize%": 0,
    # Warnings are errors in a clone, and only there: a published package has no test/, and its
    # user's newer compiler must not refuse to install over a warning that we have not met yet.
    "landspout_werror%": "<!(test -d test && echo 1 || echo 0)",
  },
  "targets": [
    {
      "target_name": "landspout",
      "sources": ["<!@(ls lib/native/*.cc)"],
      "include_dirs": ["lib/native"],
      "defines": ["NAPI_VERSION=8"],
      "cflags!": ["-O2", "-O3", "-fno-omit-frame-pointer"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++1y", "-std=gnu++14"],
      "cflags_cc": [
        "-std=c++20",
        "-fno-exceptions",
        "-fno-rtti",
        "-fvisibility=hidden",
        "-fvisibility-inlines-hidden",
        "-Wall",
        "-Wextra",
      ],
      "ldflags": ["-Wl,-z,relro,-z,now"],
      "conditions": [
        ["landspout_werror==1", {"cflags_cc": ["-Werror"]}],
        [
          "landspout_sanitize==1",
          {
            "defines": ["LANDSPOUT_SANITIZE=1"],
            "cflags_cc": [
              "-O1",
              "-g",
              "-fno-omit-frame-pointer",
              "-fsanitize=address,undefined",
              # A finding of UBSan ends the test, as one of ASan does.
              "-fno-sanitize-recover=all",
            ],
            "ldflags": ["-fsanitize=address,undefined"],
          },
          {"cflags_cc": ["-O3"]},
        ],
      ],
    }
  ],
}
