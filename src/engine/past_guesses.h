/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of the columns in a block before they are written (series/block.h): tables, and blocks packed by them. */
#ifndef ENGINE_PAST_GUESSES_H
#define ENGINE_PAST_GUESSES_H

#include "engine/past_block.h"

/* past_packer_new packs rows of a kind; as packer_new. */
struct packer *past_packer_new(enum past_block_kind kind, const struct grid *rows);

#endif
