/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a question to a watched node. */
#ifndef MODEL_REQUEST_H
#define MODEL_REQUEST_H

enum request_result {
	REQUEST_UNDER_WAY,  /* asked: what becomes of it is told later, once */
	REQUEST_ANSWERED,   /* the answer is there */
	REQUEST_REFUSED,    /* the probe, or we, have too much to do already, or the probe failed at it */
	REQUEST_TIMED_OUT,  /* no answer in time */
	REQUEST_LOST,       /* the link, or the probe, went before it was answered */
	REQUEST_NOT_LINKED, /* there is nobody to be asked at present */
	REQUEST_NO_PROBE,   /* the node is watched by plain calls: nobody there could answer */
	REQUEST_MALFORMED   /* the answer is none */
};

#endif
