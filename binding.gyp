{
  "targets": [
    {
      "target_name": "spillway",
      "sources": [
        "src/addon.cc",
        "src/admission.cc",
        "src/baseline.cc",
        "src/class_limit.cc",
        "src/concurrency.cc",
        "src/concurrency_limit.cc",
        "src/crowd.cc",
        "src/dry_run.cc",
        "src/evidence.cc",
        "src/http_head.cc",
        "src/law.cc",
        "src/lingering.cc",
        "src/loop_delay.cc",
        "src/loop_monitor.cc",
        "src/loop_stats.cc",
        "src/path_patterns.cc",
        "src/pool_probe.cc",
        "src/pool_probe_js.cc",
        "src/queue_delay.cc",
        "src/response_probe.cc",
        "src/spill.cc",
        "src/spill_js.cc",
        "src/turn_window.cc"
      ],
      "defines": ["NAPI_VERSION=8"],
      "cflags_cc": ["-std=c++17", "-Wall", "-Wextra", "-fvisibility=hidden", "-fstack-protector-strong"],
      "xcode_settings": {
        "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
        "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
        "MACOSX_DEPLOYMENT_TARGET": "11.0"
      },
      "msvs_settings": {
        "VCCLCompilerTool": {"AdditionalOptions": ["/std:c++17"]}
      },
      "configurations": {
        "Release": {"cflags_cc": ["-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2"]}
      },
      "conditions": [
        [
          "OS=='linux'",
          {
            "sources": ["src/early_socket_linux.cc", "src/run_queue_linux.cc", "src/socket_queue_linux.cc"],
            "ldflags": ["-Wl,-z,relro,-z,now"]
          },
          {"sources": ["src/early_socket_other.cc", "src/run_queue_other.cc", "src/socket_queue_other.cc"]}
        ]
      ]
    }
  ]
}
