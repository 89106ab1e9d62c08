// What the core throws: one type each with one meaning.
#pragma once

#include <stdexcept>
#include <string>

namespace bayespool {

struct CoreError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A name that the core does not know, such as that of a family of priors.
struct UnknownName : CoreError {
  using CoreError::CoreError;
};

// A caller has broken the contract of a function: a bug, never the user's doing.
struct InvalidInput : CoreError {
  using CoreError::CoreError;
};

// NUTS: the log density is not finite at any of the points where a chain might start.
struct NoStart : CoreError {
  using CoreError::CoreError;
};

// NUTS: no step size is neither too long nor too short.
struct NoStepSize : CoreError {
  using CoreError::CoreError;
};

// A quadrature does not settle as its nodes come closer.
struct NotConverged : CoreError {
  using CoreError::CoreError;
};

// A lattice would need more nodes than are allowed.
struct TooManyNodes : CoreError {
  using CoreError::CoreError;
};

// A posterior has mass beyond the range of standard deviations that can be computed with.
struct UnreachableMass : CoreError {
  using CoreError::CoreError;
};

// What is kept at the nodes of a quadrature would not fit in memory; the message is the number of bytes.
struct NodesTooLarge : CoreError {
  using CoreError::CoreError;
};

}  // namespace bayespool
