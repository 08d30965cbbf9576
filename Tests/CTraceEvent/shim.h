#pragma once
// libtraceevent, used by the tests only: a second opinion on every format file and every page of records.
#include <event-parse.h>
#include <kbuffer.h>
