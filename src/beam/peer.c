/* SPDX-License-Identifier: Apache-2.0 */
/* Operation numbers and tuples: "Distribution Protocol", ERTS User's Guide. */
#include "beam/peer.h"

#include <string.h>

#include "beam/frame.h"
#include "etf/etf_write.h"

#define CONTROL_MAX_ARITY 8

enum op {
	OP_LINK = 1,
	OP_SEND = 2,
	OP_EXIT = 3,
	OP_UNLINK = 4,
	OP_NODE_LINK = 5,
	OP_REG_SEND = 6,
	OP_GROUP_LEADER = 7,
	OP_EXIT2 = 8,
	OP_SEND_TT = 12,
	OP_EXIT_TT = 13,
	OP_REG_SEND_TT = 16,
	OP_EXIT2_TT = 18,
	OP_MONITOR_P = 19,
	OP_DEMONITOR_P = 20,
	OP_MONITOR_P_EXIT = 21,
	OP_SEND_SENDER = 22,
	OP_SEND_SENDER_TT = 23,
	OP_SPAWN_REQUEST = 29,
	OP_SPAWN_REQUEST_TT = 30,
	OP_SPAWN_REPLY = 31,
	OP_SPAWN_REPLY_TT = 32,
	OP_ALIAS_SEND = 33,
	OP_ALIAS_SEND_TT = 34,
	OP_UNLINK_ID = 35,
	OP_UNLINK_ID_ACK = 36
};

/* A control tuple taken apart: field[1] is the first after the operation. */
struct control {
	int64_t op;
	struct etf_span field[CONTROL_MAX_ARITY];
	struct etf_span payload;
};

struct operation {
	enum op op;
	uint32_t arity; /* the operation itself included */
	bool payload;
	bool (*handle)(struct peer *p, const struct control *c); /* NULL: nothing to do */
};

/* ---- small things ---------------------------------------------------------------------------------------------------- */

static bool
same(struct etf_span a, struct etf_span b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

/* Whether a term is our pid. The node may write its atom in another encoding than we do. */
static bool
is_self(const struct peer *p, struct etf_span term)
{
	struct etf e;
	struct etf node;
	struct etf_id id;

	if (same(term, peer_self(p)))
		return true;
	etf_init(&e, term.data, term.len);
	if (!etf_is_pid(etf_peek(&e)) || !etf_identifier(&e, &id) || id.word[0] != 1 || id.word[1] != 0)
		return false;
	etf_init(&node, id.node.data, id.node.len);
	return etf_atom_is(&node, p->node);
}

static bool
is_atom(struct etf_span term, const char *text)
{
	struct etf e;

	etf_init(&e, term.data, term.len);
	return etf_atom_is(&e, text);
}

static bool
is_pid(struct etf_span term)
{
	return term.len > 0 && etf_is_pid(term.data[0]);
}

static struct etf_span
span(const struct strbuf *sb)
{
	return (struct etf_span) { (const uint8_t *)sb->data, sb->len };
}

/* ---- frames out ------------------------------------------------------------------------------------------------------ */

static size_t
begin(struct peer *p, enum op op, uint32_t arity)
{
	size_t at = frame_begin(&p->out);

	etf_put_version(&p->out);
	etf_put_tuple(&p->out, arity);
	etf_put_int(&p->out, op);
	return at;
}

static void
finish(struct peer *p, size_t at)
{
	frame_end(&p->out, at);
	p->handlers->write(p->arg, p->out.data, p->out.len);
	strbuf_reset(&p->out);
}

void
peer_tick(struct peer *p)
{
	p->handlers->write(p->arg, "\0\0\0\0", 4);
}

static size_t
begin_send(struct peer *p, struct etf_span pid)
{
	size_t at = begin(p, OP_SEND, 3);

	etf_put_atom(&p->out, "");
	etf_put_raw(&p->out, pid);
	etf_put_version(&p->out);
	return at;
}

void
peer_send(struct peer *p, struct etf_span pid, struct etf_span message)
{
	size_t at = begin_send(p, pid);

	etf_put_raw(&p->out, message);
	finish(p, at);
}

static void
put_ref(struct peer *p, uint64_t ref)
{
	const uint32_t word[3] = { (uint32_t)(ref & 0x3FFFF), (uint32_t)(ref >> 18), 0 };

	etf_put_ref(&p->out, p->node, p->creation, word);
}

/* The number of a reference of ours, or 0. */
static uint64_t
own_ref(const struct peer *p, struct etf_span term)
{
	struct etf e;
	struct etf node;
	struct etf_id id;

	etf_init(&e, term.data, term.len);
	if (!etf_is_reference(etf_peek(&e)) || !etf_identifier(&e, &id) || id.count < 2 || id.creation != p->creation)
		return 0;
	etf_init(&node, id.node.data, id.node.len);
	return etf_atom_is(&node, p->node) ? (uint64_t)id.word[1] << 18 | id.word[0] : 0;
}

/* ---- messages to us -------------------------------------------------------------------------------------------------- */

/*
 * What a process there asked of us as its group leader (the calls' processes have our pid as theirs) must get an answer, or it waits for ever: {io_request,
 * From, As, _} → {io_reply, As, {error, enotsup}}.
 */
static bool
answer_io_request(struct peer *p, struct etf_span message)
{
	struct etf_span from;
	struct etf_span as;
	struct etf e;
	size_t at;

	etf_init(&e, message.data, message.len);
	if (etf_peek(&e) != ETF_SMALL_TUPLE || etf_tuple(&e) != 4 || !etf_is_atom(etf_peek(&e)) ||
	    !etf_atom_is(&e, "io_request"))
		return false;
	from = etf_raw(&e);
	as = etf_raw(&e);
	if (!etf_ok(&e) || !is_pid(from))
		return true;
	at = begin_send(p, from);
	etf_put_tuple(&p->out, 3);
	etf_put_atom(&p->out, "io_reply");
	etf_put_raw(&p->out, as);
	etf_put_tuple(&p->out, 2);
	etf_put_atom(&p->out, "error");
	etf_put_atom(&p->out, "enotsup");
	finish(p, at);
	return true;
}

/* net_adm:ping: {'$gen_call', {Pid, Tag}, {is_auth, Node}} → {Tag, yes}. Without the answer the node disconnects us. */
static void
answer_ping(struct peer *p, struct etf_span message)
{
	struct etf_span pid;
	struct etf_span tag;
	struct etf e;
	size_t at;

	etf_init(&e, message.data, message.len);
	if (!etf_tuple_of(&e, 3) || !etf_atom_is(&e, "$gen_call") || !etf_tuple_of(&e, 2))
		return;
	pid = etf_raw(&e);
	tag = etf_raw(&e);
	if (!etf_tuple_of(&e, 2) || !etf_atom_is(&e, "is_auth") || !is_pid(pid))
		return;
	at = begin_send(p, pid);
	etf_put_tuple(&p->out, 2);
	etf_put_raw(&p->out, tag);
	etf_put_atom(&p->out, "yes");
	finish(p, at);
}

static bool
on_send(struct peer *p, const struct control *c)
{
	if (is_self(p, c->field[2]) && !answer_io_request(p, c->payload))
		p->handlers->message(p->arg, c->payload);
	return true;
}

static bool
on_reg_send(struct peer *p, const struct control *c)
{
	if (is_atom(c->field[3], "net_kernel"))
		answer_ping(p, c->payload);
	return true;
}

/* ---- links and monitors on us ---------------------------------------------------------------------------------------- */

static bool
on_link(struct peer *p, const struct control *c)
{
	size_t at;

	if (is_self(p, c->field[2]))
		return true;
	at = begin(p, OP_EXIT, 4);
	etf_put_raw(&p->out, c->field[2]);
	etf_put_raw(&p->out, c->field[1]);
	etf_put_atom(&p->out, "noproc");
	finish(p, at);
	return true;
}

static bool
on_unlink_id(struct peer *p, const struct control *c)
{
	size_t at = begin(p, OP_UNLINK_ID_ACK, 4);

	etf_put_raw(&p->out, c->field[1]);
	etf_put_raw(&p->out, c->field[3]);
	etf_put_raw(&p->out, c->field[2]);
	finish(p, at);
	return true;
}

static bool
on_monitor(struct peer *p, const struct control *c)
{
	size_t at;

	if (is_self(p, c->field[2]) || is_atom(c->field[2], "net_kernel"))
		return true;
	at = begin(p, OP_MONITOR_P_EXIT, 5);
	etf_put_raw(&p->out, c->field[2]);
	etf_put_raw(&p->out, c->field[1]);
	etf_put_raw(&p->out, c->field[3]);
	etf_put_atom(&p->out, "noproc");
	finish(p, at);
	return true;
}

/* We do not offer it, but a caller must not wait. */
static bool
on_spawn_request(struct peer *p, const struct control *c)
{
	size_t at = begin(p, OP_SPAWN_REPLY, 5);

	etf_put_raw(&p->out, c->field[1]);
	etf_put_raw(&p->out, c->field[2]);
	etf_put_int(&p->out, 0);
	etf_put_atom(&p->out, "notsup");
	finish(p, at);
	return true;
}

static bool
on_exit_signal(struct peer *p, const struct control *c)
{
	bool traced = c->op == OP_EXIT_TT || c->op == OP_EXIT2_TT;

	if (is_self(p, c->field[2]))
		p->handlers->exited(p->arg, c->field[1], c->field[traced ? 4 : 3]);
	return true;
}

/* ---- calls ----------------------------------------------------------------------------------------------------------- */

static struct peer_call *
find_call(struct peer *p, uint64_t ref)
{
	for (size_t i = 0; i < PEER_MAX_CALLS; i++)
		if (p->calls[i].ref == ref)
			return &p->calls[i];
	return NULL;
}

/* Ends a call; its slot is free before the callback, which may call again. */
static void
end_call(struct peer_call *call, enum call_result result, struct etf *value)
{
	struct peer_call ended = *call;

	call->ref = 0;
	ended.cb(ended.arg, result, value);
}

/* An exit reason of erpc:execute_call: {Ref, return, Value}, {Ref, error, Reason, Stack}, {Ref, throw | exit, Reason}; else the reason itself. */
static void
call_exited(struct peer_call *call, struct etf_span reason)
{
	struct etf value;
	struct etf_atom how;
	uint32_t arity = 0;

	etf_init(&value, reason.data, reason.len);
	if (etf_peek(&value) == ETF_SMALL_TUPLE)
		arity = etf_tuple(&value);
	if ((arity == 3 || arity == 4) && etf_is_reference(etf_peek(&value)) && etf_skip(&value) &&
	    etf_atom(&value, &how)) {
		end_call(call, strcmp(how.text, "return") == 0 ? CALL_RETURNED : CALL_RAISED, &value);
		return;
	}
	etf_init(&value, reason.data, reason.len);
	end_call(call, CALL_RAISED, &value);
}

static bool
on_spawn_reply(struct peer *p, const struct control *c)
{
	uint64_t ref = own_ref(p, c->field[1]);
	struct peer_call *call = ref ? find_call(p, ref) : NULL;
	struct etf value;

	etf_init(&value, c->field[4].data, c->field[4].len);
	if (call && etf_is_atom(etf_peek(&value)))
		end_call(call, CALL_REFUSED, &value);
	return true;
}

static bool
on_monitor_exit(struct peer *p, const struct control *c)
{
	uint64_t ref = own_ref(p, c->field[3]);
	struct peer_call *call = ref ? find_call(p, ref) : NULL;

	if (call) {
		call_exited(call, c->field[4]);
		return true;
	}
	for (size_t i = 0; ref && i < PEER_MAX_MONITORS; i++)
		if (p->monitors[i].ref == ref) {
			p->monitors[i].ref = 0;
			p->handlers->down(p->arg, ref, c->field[4]);
		}
	return true;
}

bool
peer_call(struct peer *p, int64_t now_ms, int64_t timeout_ms, const char *module, const char *function,
    const struct strbuf *args, call_cb *cb, void *arg)
{
	struct peer_call *call = find_call(p, 0);
	size_t at;

	if (call == NULL)
		return false;
	*call = (struct peer_call) { .ref = ++p->last_ref, .deadline_ms = now_ms + timeout_ms, .cb = cb, .arg = arg };
	at = begin(p, OP_SPAWN_REQUEST, 6);
	put_ref(p, call->ref);
	etf_put_raw(&p->out, peer_self(p));
	etf_put_raw(&p->out, peer_self(p)); /* group leader */
	etf_put_tuple(&p->out, 3);
	etf_put_atom(&p->out, "erpc");
	etf_put_atom(&p->out, "execute_call");
	etf_put_int(&p->out, 4);
	etf_put_list(&p->out, 1);
	etf_put_atom(&p->out, "monitor");
	etf_put_nil(&p->out);
	etf_put_version(&p->out);
	etf_put_list(&p->out, 4);
	put_ref(p, call->ref);
	etf_put_atom(&p->out, module);
	etf_put_atom(&p->out, function);
	strbuf_add(&p->out, args->data, args->len);
	etf_put_nil(&p->out);
	finish(p, at);
	return true;
}

void
peer_spawn_link(struct peer *p, const char *module, const char *function, const struct strbuf *args, uint32_t arity)
{
	size_t at = begin(p, OP_SPAWN_REQUEST, 6);

	put_ref(p, ++p->last_ref);
	etf_put_raw(&p->out, peer_self(p));
	etf_put_raw(&p->out, peer_self(p));
	etf_put_tuple(&p->out, 3);
	etf_put_atom(&p->out, module);
	etf_put_atom(&p->out, function);
	etf_put_int(&p->out, arity);
	etf_put_list(&p->out, 1);
	etf_put_atom(&p->out, "link");
	etf_put_nil(&p->out);
	etf_put_version(&p->out);
	strbuf_add(&p->out, args->data, args->len);
	finish(p, at);
}

uint64_t
peer_monitor(struct peer *p, struct etf_span pid)
{
	size_t i = 0;
	size_t at;

	while (i < PEER_MAX_MONITORS && p->monitors[i].ref != 0)
		i++;
	if (i == PEER_MAX_MONITORS)
		return 0;
	p->monitors[i].ref = ++p->last_ref;
	at = begin(p, OP_MONITOR_P, 4);
	etf_put_raw(&p->out, peer_self(p));
	etf_put_raw(&p->out, pid);
	put_ref(p, p->monitors[i].ref);
	finish(p, at);
	return p->monitors[i].ref;
}

void
peer_expire(struct peer *p, int64_t now_ms)
{
	for (size_t i = 0; i < PEER_MAX_CALLS; i++) {
		struct etf nothing;

		if (p->calls[i].ref == 0 || p->calls[i].deadline_ms > now_ms)
			continue;
		etf_init(&nothing, NULL, 0);
		end_call(&p->calls[i], CALL_TIMED_OUT, &nothing);
	}
}

int64_t
peer_deadline(const struct peer *p)
{
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < PEER_MAX_CALLS; i++)
		if (p->calls[i].ref != 0 && p->calls[i].deadline_ms < first)
			first = p->calls[i].deadline_ms;
	return first;
}

/* ---- frames in ------------------------------------------------------------------------------------------------------- */

static const struct operation OPERATIONS[] = {
	{ OP_LINK, 3, false, on_link },
	{ OP_SEND, 3, true, on_send },
	{ OP_EXIT, 4, false, on_exit_signal },
	{ OP_UNLINK, 3, false, NULL },
	{ OP_NODE_LINK, 1, false, NULL },
	{ OP_REG_SEND, 4, true, on_reg_send },
	{ OP_GROUP_LEADER, 3, false, NULL },
	{ OP_EXIT2, 4, false, on_exit_signal },
	{ OP_SEND_TT, 4, true, on_send },
	{ OP_EXIT_TT, 5, false, on_exit_signal },
	{ OP_REG_SEND_TT, 5, true, on_reg_send },
	{ OP_EXIT2_TT, 5, false, on_exit_signal },
	{ OP_MONITOR_P, 4, false, on_monitor },
	{ OP_DEMONITOR_P, 4, false, NULL },
	{ OP_MONITOR_P_EXIT, 5, false, on_monitor_exit },
	{ OP_SEND_SENDER, 3, true, on_send },
	{ OP_SEND_SENDER_TT, 4, true, on_send },
	{ OP_SPAWN_REQUEST, 6, true, on_spawn_request },
	{ OP_SPAWN_REQUEST_TT, 7, true, on_spawn_request },
	{ OP_SPAWN_REPLY, 5, false, on_spawn_reply },
	{ OP_SPAWN_REPLY_TT, 6, false, on_spawn_reply },
	/* Our pid gave nobody an alias: a late reply of somebody's, dropped. */
	{ OP_ALIAS_SEND, 3, true, NULL },
	{ OP_ALIAS_SEND_TT, 4, true, NULL },
	{ OP_UNLINK_ID, 4, false, on_unlink_id },
	{ OP_UNLINK_ID_ACK, 4, false, NULL },
};

static const struct operation *
find_operation(int64_t op)
{
	for (size_t i = 0; i < ARRAY_LEN(OPERATIONS); i++)
		if ((int64_t)OPERATIONS[i].op == op)
			return &OPERATIONS[i];
	return NULL;
}

static bool
take_payload(struct etf *e, struct control *c)
{
	struct etf payload;

	etf_init_versioned(&payload, e->p, (size_t)(e->end - e->p));
	c->payload = etf_raw(&payload);
	return etf_done(&payload);
}

bool
peer_frame(struct peer *p, struct etf_span body, struct err *err)
{
	const struct operation *operation;
	struct control c = { .op = 0 };
	struct etf e;
	uint32_t arity;

	etf_init_versioned(&e, body.data, body.len);
	arity = etf_tuple(&e);
	c.op = etf_int(&e);
	if (!etf_ok(&e) || arity == 0 || arity > CONTROL_MAX_ARITY)
		return err_set(err, "sent a malformed control message");
	operation = find_operation(c.op);
	if (operation == NULL)
		return err_set(err, "sent a control message of unknown type %lld", (long long)c.op);
	for (uint32_t i = 1; i < arity; i++)
		c.field[i] = etf_raw(&e);
	if (!etf_ok(&e) || arity != operation->arity)
		return err_set(err, "sent a malformed control message of type %lld", (long long)c.op);
	if (operation->payload ? !take_payload(&e, &c) : !etf_done(&e))
		return err_set(err, "sent a control message of type %lld with a malformed payload", (long long)c.op);
	return operation->handle == NULL || operation->handle(p, &c);
}

/* ---------------------------------------------------------------------------------------------------------------------- */

struct etf_span
peer_self(const struct peer *p)
{
	return span(&p->self);
}

void
peer_init(struct peer *p, const char *node, uint32_t creation, const struct peer_handlers *handlers, void *arg)
{
	memset(p, 0, sizeof(*p));
	p->handlers = handlers;
	p->arg = arg;
	p->node = node;
	p->creation = creation;
	etf_put_pid(&p->self, node, 1, 0, creation);
}

void
peer_release(struct peer *p)
{
	strbuf_release(&p->out);
	strbuf_release(&p->self);
	memset(p, 0, sizeof(*p));
}
