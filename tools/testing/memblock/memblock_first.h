/* SPDX-License-Identifier: GPL-2.0-only */
#include "../../../mm/memblock_first.h"
