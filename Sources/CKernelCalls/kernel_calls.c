#include "kernel_calls.h"
