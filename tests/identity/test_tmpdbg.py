import test_withdraw as w
from test_withdraw import *
def test_x(database):
    orig = w.differences
    def d(l, r):
        x = orig(l, r)
        if x: print("DIFF", x); print("STORY", w.LAST)
        return x
    w.differences = d
    on = w.Story.never
    def never(self, road): w.LAST = self; return on(self, road)
    w.Story.never = never
    try:
        w.test_with_it_and_without_it_again_is_as_though_it_had_never_come(database)
    except BaseException as e:
        pass
