{
  "targets": [
    {
      "target_name": "spillway",
      "sources": [
        "accept_queue/client_address.cc",
        "admission/admission_controller.cc",
        "admission/no_load_baseline.cc",
        "admission/claims.cc",
        "admission/class_limit.cc",
        "admission/crowd.cc",
        "admission/dry_run.cc",
        "admission/fair_shares.cc",
        "admission/queue_detector.cc",
        "admission/queue_delay.cc",
        "binding/addon.cc",
        "binding/call.cc",
        "binding/concurrency.cc",
        "binding/controller.cc",
        "binding/descriptors.cc",
        "binding/environment.cc",
        "binding/loop_delay.cc",
        "binding/object.cc",
        "binding/object_reader.cc",
        "binding/pool_probe.cc",
        "binding/shared_numbers.cc",
        "concurrency/concurrency_limit.cc",
        "concurrency/response_probe.cc",
        "loop/loop_monitor.cc",
        "loop/loop_stats.cc",
        "loop/pool_probe.cc",
        "loop/turn_window.cc",
        "loop/turns.cc",
        "os/accept_queue.cc",
        "os/queue_ages.cc"
      ],
      "include_dirs": [".", "<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": [
        "NAPI_VERSION=8",
        "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS",
        "NODE_ADDON_API_ENABLE_MAYBE",
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
      ],
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
        "Release": {
          "cflags_cc": ["-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2", "-O2", "-ffunction-sections", "-fdata-sections"]
        }
      },
      "conditions": [
        [
          "OS=='linux'",
          {
            "sources": [
              "accept_queue/address_range.cc",
              "accept_queue/client_rule.cc",
              "accept_queue/http_head.cc",
              "accept_queue/lingering_closes.cc",
              "accept_queue/path_patterns.cc",
              "accept_queue/priority_rule.cc",
              "accept_queue/refuser.cc",
              "accept_queue/spill_linux.cc",
              "accept_queue/tls_record.cc",
              "binding/spill_linux.cc",
              "os/accept_queue_length_linux.cc",
              "os/early_socket_linux.cc",
              "os/run_queue_linux.cc",
              "os/shared_port_linux.cc",
              "os/socket_queue_linux.cc"
            ],
            "ldflags": ["-Wl,-z,relro,-z,now", "-Wl,--gc-sections"]
          },
          {
            "sources": [
              "accept_queue/spill_other.cc",
              "binding/spill_other.cc",
              "os/accept_queue_length_other.cc",
              "os/early_socket_other.cc",
              "os/run_queue_other.cc",
              "os/shared_port_other.cc",
              "os/socket_queue_other.cc"
            ]
          }
        ]
      ]
    },
    {
      "target_name": "copy_to_root",
      "type": "none",
      "dependencies": ["spillway"],
      "copies": [{"files": ["<(PRODUCT_DIR)/spillway.node"], "destination": "<(module_root_dir)/../build/<(CONFIGURATION_NAME)"}]
    }
  ]
}
