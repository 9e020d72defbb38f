/* SPDX-License-Identifier: Apache-2.0 */
/* Another version of an application runs on the node than before: what was deployed, told by the lists of applications that the probe sends. */
#ifndef ENGINE_DEPLOYS_H
#define ENGINE_DEPLOYS_H

#include "base/strbuf.h"
#include "model/node.h"

/*
 * deploys_compare appends what has changed between two lists (struct node_info: applications): "shop 1.4.2 -> 1.5.0, shop_web 0.3 (new) and 4 more", and
 * returns how many have; 0: nothing is appended. Applications that are there in both come first; of what may be in a list beyond its end, nothing is told. Hostile texts are made visible and cut: it is less
 * than DEPLOY_TEXT bytes.
 */
unsigned deploys_compare(struct strbuf *out, const char *before, const char *after);

#endif
