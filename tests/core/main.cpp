// Catch's main function, compiled once.
#define CATCH_CONFIG_MAIN
#include <catch.h>
