# SPDX-License-Identifier: Apache-2.0
from harness import *
from subjects import *
class Subjects(SystemTest):
    def test_erl(self):
        n = ErlNode(self.room)
        print(n.eval("{1+1, node(), self(), [1,2], #{a => <<1>>}, 1.5, -3, 1 bsl 80}"))
        print(n.traces())
    def test_long(self):
        n = ErlNode(self.room, host="127.0.0.1", long_names=True); print(n.eval("node()"))
    def test_noepmd(self):
        n = ErlNode(self.room, port=free_port()); print(n.eval("{node(), subject:now_us()}"))
    def test_elixir(self):
        n = ElixirNode(self.room); print(n.elixir('IO.inspect "ä\n"; {:ok, System.version()}'))
    def test_rabbit(self):
        n = RabbitMQ(self.room); n.declare(["q1","q2"]); print(n.kill_queue("q1")); print(n.traces())
        print(n.eval("element(2, process_info(whereis(rabbit_sup), registered_name))"), n.process.pid)
        print(n.log_since(0)[-3000:])
    def test_ejabberd(self):
        n = Ejabberd(self.room); print(n.traces()); print(n.eval("whereis(ejabberd_gen_mod_sup)"), n.log)
        print(n.eval("[element(1,C) || C <- supervisor:which_children(ejabberd_gen_mod_sup)]"))
