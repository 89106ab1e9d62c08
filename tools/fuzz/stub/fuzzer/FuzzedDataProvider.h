// What the fuzz target calls of clang's header of this name, so that any compiler can check the target. Nothing runs with it.
#pragma once

#include <cstddef>
#include <cstdint>

class FuzzedDataProvider {
 public:
  FuzzedDataProvider(const std::uint8_t* data, std::size_t size);
  bool ConsumeBool();
  template <typename T>
  T ConsumeIntegralInRange(T low, T high);
  template <typename T>
  T ConsumeFloatingPoint();
};
