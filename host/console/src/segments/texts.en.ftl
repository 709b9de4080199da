segments-as-of = Facts as of { $day }
segments-turning = Bringing them to today, { $left } to go
segments-try = Try a rule
segments-none = No segments yet
segments-none-help = Try a rule, see how it would sort your customers, then put it into force.
segments-stale = Rule failing
segments-stale-since = The rule has been failing since { $when }; members stand as they were before
segments-segment = Segment
segments-count = Customers
segments-share = Share
segments-week = 7 days
segments-came-went = { $came } came · { $went } went
segments-no-trend = In force for less than 7 days, so there is nothing to compare with
segments-outside = In none
segments-undo = Undo
segments-by-host = The system
segments-rule = Rule
segments-moves = Who went where
segments-from-day = From day
segments-to-day = To day
segments-show = Show
segments-moved = { $count ->
    [one] { $count } customer changed segment
   *[other] { $count } customers changed segment
}
segments-newcomers = { $count ->
    [one] { $count } new customer
   *[other] { $count } new customers
}
segments-then = Before
segments-came = Came
segments-went = Went
segments-at-end = After
segments-no-flow = Nothing to compare in this period
segments-no-flow-help = The rule came into force after the first day. Choose a later one.
segments-history = History
segments-revision = Revision { $number }
segments-in-force = In force
segments-restores = Brought back revision { $number }
segments-cause-activation = Put into force
segments-cause-rollback = Brought back
segments-cause-breaker = The rule kept failing, and the system went back by itself
segments-moved-of = { $moved } of { $all } customers changed segment
segments-other-plugin = Another version of the plugin
segments-colon = :{" "}
segments-restore = See what bringing it back would do
segments-in-customers = Open in Customers
segments-sample = Draw a sample
segments-sample-help = Members drawn at random, with their telephone numbers, for a survey. The draw is written into the audit log.
segments-sample-size = How many
segments-draw = Draw
segments-cancel = Cancel
segments-sort-score = Highest score
segments-sort-since = Latest to enter
segments-sort-name = Name
segments-sort-joined = Customer since
segments-on-day = As of { $day }
segments-past = On a past day
segments-nobody = Nobody is in this segment
segments-nobody-help = Members follow what is known of customers. You can also look at a past day.
segments-customer = Customer
segments-why = Why
segments-score = Score
segments-since = Since
segments-to-first = Back to the top
segments-more = More
segments-drawn = { $count ->
    [one] { $count } customer drawn
   *[other] { $count } customers drawn
}
segments-drawn-of = Out of { $members }
segments-seed = Seed
segments-audited = Written into the audit log
segments-place = No.
segments-phone = Telephone
segments-no-phone = No number
segments-consent = Marketing
segments-consent-yes = Agreed
segments-consent-no = Refused
segments-consent-unknown = Not asked
segments-new-binding = A new set of segments…
segments-try-title = Try a rule
segments-try-restore = Bring back revision { $number }
segments-try-help = Both rules on the same customers at the same moment. Nothing has changed yet
segments-reads = { $count ->
    [one] Reads { $count } fact
   *[other] Reads { $count } facts
}
segments-binding = Set of segments
segments-choose = Choose
segments-new-name = Name of the new set
segments-new-name-help = Lower-case letters, digits and hyphens, as in vip-care. It cannot be changed later.
segments-no-settings = This rule has no settings.
segments-preview = Preview
segments-working = Trying it on everyone…
segments-not-tried = Change a setting and see here what it does
segments-no-rules = No rule that sorts customers yet
segments-no-rules-help = Have an operator upload a segmentation plugin first.
segments-to-plugins = Upload a plugin
segments-would-move = { $count } of { $all } customers would change segment
segments-no-drift = The rule in force is failing; “now” is what it said last
segments-drift = The passing of time alone would move { $count }
segments-facts-of = Facts of { $day }
segments-took = { $ms } ms
segments-grants = { $count ->
    [one] “{ $name }” will be able to read { $count } fact
   *[other] “{ $name }” will be able to read { $count } facts
}
segments-personal = Personal
segments-agree = I agree that it reads these
segments-beyond = Some of these say who customers are or what they spend, and you have no right to grant them. Have a colleague who has it open this page.
segments-is-same = The same as the rule in force
segments-put = { $count ->
    [one] Put into force for { $count } customer
   *[other] Put into force for { $count } customers
}
segments-put-back = { $count ->
    [one] Bring back revision { $number } for { $count } customer
   *[other] Bring back revision { $number } for { $count } customers
}
segments-now = Now
segments-after = After
segments-change = Change
segments-who-went = Who goes where
segments-movers = Who would move
segments-from = From
segments-to = To
segments-shown = { $shown } of { $all } shown
segments-all-movers = All of them
segments-nobody-moves = Nobody would move
segments-moves-kept = Kept for a day
segments-done = { $count ->
    [one] In force for { $count } customer; { $moved } changed segment
   *[other] In force for { $count } customers; { $moved } changed segment
}
segments-cause-ending = Ended
segments-nobody-of-yours = None of your customers is in this segment
segments-instead = “{ $name }” is decided by “{ $before }” now. “{ $after }” would take its place, and the segments it has now would go. To keep both, choose a new set of segments.
