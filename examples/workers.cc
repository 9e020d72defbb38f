// SPDX-License-Identifier: Apache-2.0
// libarsenal from C++17: handles, events and texts in smart pointers, errors as exceptions, a callback that is a lambda. It feeds a made-up
// service that leaks work into its queue, until the health says so.
//
//	c++ -std=c++17 workers.cc $(pkg-config --cflags --libs arsenal) -o workers_cc
#include <arsenal.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

struct Free {
	void
	operator()(arsenal *a) const
	{
		arsenal_free(a);
	}
	void
	operator()(arsenal_event *ev) const
	{
		arsenal_event_free(ev);
	}
	void
	operator()(char *text) const
	{
		arsenal_string_free(text);
	}
};

using Event = std::unique_ptr<arsenal_event, Free>;
using Text = std::unique_ptr<char, Free>;

class Monitor
{
    public:
	explicit Monitor(const std::string &name)
	{
		char err[256] = "";

		handle.reset(arsenal_new(name.c_str(), nullptr, err, sizeof(err)));
		if (!handle)
			throw std::runtime_error(err);
	}

	void
	check(int code) const
	{
		if (code != ARSENAL_OK)
			throw std::runtime_error(arsenal_last_error(handle.get()));
	}

	arsenal *
	get() const
	{
		return handle.get();
	}

    private:
	std::unique_ptr<arsenal, Free> handle;
};

int
main()
try {
	Monitor m("queue.example");
	int64_t now = 1700000000000;
	unsigned alerts = 0, id = 0;
	char *text = nullptr;

	m.check(arsenal_subscribe_callback(
	    m.get(), ARSENAL_EVENT_HEALTH_ALERT, nullptr,
	    [](const arsenal_event *, void *count) { ++*static_cast<unsigned *>(count); }, &alerts, &id));
	for (int i = 0; i < 60; i++, now += 5000) {
		arsenal_process p = {};

		p.name = "consumer";
		p.queue_len = 1000.0 * i;
		m.check(arsenal_sample_set(m.get(), "mq_max", p.queue_len));
		m.check(arsenal_sample_process(m.get(), &p, sizeof(p)));
		m.check(arsenal_sample_submit(m.get(), now));
	}
	while (Event ev { arsenal_next_event(m.get()) }) {
		m.check(arsenal_event_text(ev.get(), &text));
		std::printf("%s\n", Text(text).get());
	}
	arsenal_criterion queue;
	m.check(arsenal_get_criterion(m.get(), now, arsenal_criterion_id("message_queue"), &queue, sizeof(queue)));
	std::printf(
	    "message_queue %s at %.0f: %s\n", arsenal_level_name(queue.level), queue.value, queue.recommendation);
	std::printf("alerts %u\n", alerts);
	m.check(arsenal_health_json(m.get(), now, &text));
	std::printf("health %s\n", Text(text).get());
	return queue.level == ARSENAL_WARNING && alerts > 0 ? 0 : 1;
} catch (const std::exception &e) {
	std::fprintf(stderr, "workers_cc: %s\n", e.what());
	return 1;
}
