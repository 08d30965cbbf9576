#pragma once
// libtraceevent, used by the tests only: a second opinion on every format file.
#include <event-parse.h>
