plugins-tab-plugins = Plugins
plugins-tab-decisions = Decisions
plugins-tab-webhooks = Webhooks
plugins-point-segmentation = Sorts customers
plugins-point-promotion = Campaign offers
plugins-point-loyalty = Members’ points and tiers
plugins-point-complaint-routing = Sends complaints to desks
plugins-refused = Not let in
plugins-drop = Drop a plugin here, or choose a file
plugins-drop-help = A .wasm file made by posthouse plugin pack. It is checked, compiled and self-tested before it is kept
plugins-checking = Checking, compiling, self-testing…
plugins-none = No plugins yet
plugins-none-help = Upload the first one to try its rules.
plugins-plugin = Plugin
plugins-decides = What for
plugins-where = In force
plugins-size = Size
plugins-came = Uploaded
plugins-was = Was in force
plugins-nowhere = Not used
plugins-let-in = It passed its self-test and is kept
plugins-known = You have this plugin already
plugins-verified = Self-test passed
plugins-came-at = uploaded { $when }
plugins-delete = Delete
plugins-delete-help = : nothing uses it. You can upload it again.
plugins-cancel = Cancel
plugins-try = Try a rule
plugins-self-test = Self-test
plugins-largest = Largest call
plugins-used = Used
plugins-limit = Limit
plugins-golden = { $count ->
    [one] { $count } golden case passed
   *[other] All { $count } golden cases passed
}
plugins-segments = Segments
plugins-settings = Settings
plugins-no-settings = No settings
plugins-reasons = Reasons it gives
plugins-failing = Failing
plugins-lacks = { $count ->
    [one] { $count } fact is not granted yet
   *[other] { $count } facts are not granted yet
}
plugins-reads = Reads
plugins-personal = Personal
plugins-reads-nothing = Nothing about customers
plugins-digest = Digest
plugins-measure-fuel = Fuel
plugins-measure-time = Processor time
plugins-measure-memory = Memory
plugins-measure-size = File size
plugins-in-force = In force
plugins-revision = Revision { $number }, in force since { $when }
plugins-revision-short = revision { $number }
plugins-decisions = Decisions
plugins-history = History
plugins-failing-since = Failing since { $when }
plugins-log = Log
plugins-log-none = Nothing in the log
plugins-log-none-help = What the rule writes and how it fails stands here, the last 1,000 lines of it.
plugins-level-debug = Debug
plugins-level-info = Info
plugins-level-warn = Warning
plugins-level-error = Error
plugins-level-fault = Fault
plugins-level-about = Cause
plugins-cause-activation = When put into force
plugins-cause-rollback = When brought back
plugins-cause-breaker = When the system went back
plugins-cause-request = Run by hand
plugins-cause-midnight = At midnight
plugins-cause-change = A customer changed
plugins-cause-decision = A single decision
plugins-older = Older
plugins-granted = Granted facts
plugins-rule = Rule
plugins-any-rule = Any rule
plugins-outcome = Outcome
plugins-any-outcome = Any outcome
plugins-answered = Answered
plugins-show = Show
plugins-no-decisions = No decisions
plugins-no-decisions-help = Every answer a rule gives to a quote is kept here.
plugins-effect = What came of it
plugins-off = Off
plugins-when = When
plugins-decision = Decision
plugins-customer = Customer
plugins-replay = Replay
plugins-identical = Made again with the plugin, settings and input of then: the same to the last byte.
plugins-differs = The replay came to something else:
plugins-said = What the rule said
plugins-asked = What it was asked
plugins-facts = What it knew of the customer
plugins-micros = Microseconds
plugins-hook = Webhook
plugins-hook-new = New webhook
plugins-hooks-none = No webhooks yet
plugins-hooks-none-help = Add one, and your call centre or accounting hears of things as they happen.
plugins-state = State
plugins-waiting = Waiting
plugins-dead = Given up
plugins-hook-url = Address
plugins-hook-note = Note
plugins-hook-types = What it is told
plugins-hook-make = Add webhook
plugins-hook-paused = Paused
plugins-hook-gone = Receiver gone
plugins-hook-down = Unreachable
plugins-hook-failing = Failing at times
plugins-hook-well = Well
plugins-hook-test = Send a test
plugins-hook-pause = Pause
plugins-hook-resume = Resume
plugins-hook-rotate = New secret
plugins-hook-secret = The signing secret. It is shown this once; keep it now
plugins-copy = Copy
plugins-hook-changed = Changed
plugins-hook-tested = A test is on its way; reload in a moment to see what became of it
plugins-hook-replayed = { $count ->
    [one] { $count } delivery will be sent again
   *[other] { $count } deliveries will be sent again
}
plugins-hook-replay = Send delivery { $number } again
plugins-hook-replay-dead = Send { $count } given up again
plugins-hook-delete = Delete this webhook?
plugins-hook-delete-help = It is told nothing more, and { $count } waiting deliveries are not sent. This cannot be undone.
plugins-delivery-all = All
plugins-delivery-pending = Waiting
plugins-delivery-delivered = Delivered
plugins-delivery-dead = Given up
plugins-deliveries-none = No deliveries
plugins-deliveries-none-help = Send a test to see whether it arrives.
plugins-event = Event
plugins-answer = Answer
plugins-attempts = Tries
plugins-field-basket = Basket
plugins-field-lines = Lines
plugins-field-line = Line
plugins-field-channel = Channel
plugins-field-departs = Departure
plugins-field-returns = Return
plugins-field-destination = Destination
plugins-field-theme = Theme
plugins-field-kind = Kind
plugins-field-quantity = Quantity
plugins-field-travellers = Travellers
plugins-field-sku = Product
plugins-field-unit-price = Unit price
plugins-field-amount = Amount
plugins-field-rate = Rate
plugins-field-reason = Reason
plugins-field-offers = Offers
plugins-field-codes = Codes
plugins-field-arguments = Details
plugins-aside-failing = The rule kept failing and is not asked for a while
plugins-aside-costing = The rule kept using up the time of quotes and is not asked for a while
plugins-aside-until = It is asked again at { $when } at the earliest
plugins-ask-again = Ask it now
plugins-asked-again = It is asked again
plugins-not-opened = This server could not open its plugin
plugins-cost = Really took { $ms } ms of processor time per million units here

plugins-has-ended = Ended
plugins-end = End…
plugins-end-title = End
plugins-end-help = { $count ->
    [0] Nobody is in its segments.
    [one] One customer leaves its segments.
   *[other] { $count } customers leave its segments.
  } The rule is not asked any more; history and past members stay, and it can be put back.
plugins-end-now = { $count ->
    [0] End it
    [one] End it for one customer
   *[other] End it for { $count } customers
  }
plugins-ended = { $count ->
    [0] It has ended
    [one] It has ended; one customer left its segments
   *[other] It has ended; { $count } customers left its segments
  }
plugins-ended-since = Ended { $when }
plugins-ended-help = Nobody is in its segments, and the rule is not asked. What is shown below is of the rule that stood before.
plugins-restore = Put it back
plugins-restored = { $count ->
    [0] It is in force again
    [one] It is in force again; one customer moved
   *[other] It is in force again; { $count } customers moved
  }
plugins-cause-ending = When it ended

plugins-tab-jobs = Jobs
plugins-job = Job
plugins-jobs-help = Work that falls due by itself: the turn of the day, ends of quotes, imports, deliveries. What fails is tried again after pauses from a second to a quarter of an hour, and given up only in the end.
plugins-jobs-dead = Given up
plugins-jobs-dead-help = Put the cause right, then try again.
plugins-jobs-waiting = Waiting
plugins-jobs-none = Nothing waits
plugins-job-why = Why it failed
plugins-job-attempts = Attempts
plugins-job-dead-at = Given up
plugins-job-try = Try again
plugins-job-tried = It is queued again
plugins-job-running = Running
plugins-job-failing = Retrying
plugins-job-next = Next
plugins-job-now = now
plugins-job-day-turn = Turn of the day
plugins-job-day-retry = Turn of the day, again
plugins-job-import-run = Import of a file
plugins-job-import-upload = Tidying unfinished uploads
plugins-job-import-kept = Tidying files that were looked at
plugins-job-campaign-end = End of a campaign
plugins-job-coupons-abandon = Dropping an unfinished batch of coupons
plugins-job-quote-expire = End of a quote
plugins-job-quote-return = Returning what a cancelled booking took
plugins-job-complaints-clock = Clocks of cases
plugins-job-loyalty-follow = Points of bookings that changed
plugins-job-loyalty-preview = Previews of loyalty rules
plugins-job-webhook-deliver = Delivery to a webhook
plugins-job-webhook-tidy = Tidying old deliveries

plugins-activate = Put into force
plugins-activate-again = Change settings
plugins-binding = Binding
plugins-binding-name = Name
plugins-binding-name-help = Lower-case letters, digits and hyphens. The rule under the name main gives tiers; rules under other names post points beside it.
plugins-instead = { $name } is decided by { $before }. This rule takes its place.
plugins-name-taken = A rule is in force under this name, as said above. To put this one in its place, press the button again.
plugins-not-agreed = Agree first to what it reads.
plugins-agree = I agree that it reads these
plugins-beyond = Some of these say who customers are or what they spend. Have somebody who may grant them do this.
plugins-from-now-on = It decides what happens from now on. Points that were posted and tiers that were given stay.
plugins-put-into-force = { $name } is in force
plugins-end-loyalty = What happens from now on earns nothing by it. Points that were posted and tiers that were given stay, and it can be put back.
plugins-ended-loyalty = The rule is not asked; points that were posted and tiers that were given stay. What is shown below is of the rule that stood before.
plugins-field-standing = Member
plugins-field-member-since = Member since
plugins-field-tier = Tier
plugins-field-since = Since
plugins-field-valid-until = Valid until
plugins-field-by-hand = By hand
plugins-field-available = Available
plugins-field-pending = Pending
plugins-field-status = Status
plugins-field-on = Day
plugins-field-points = Points
plugins-field-occasion = Occasion
plugins-field-at = Moment
plugins-field-what = What happened
plugins-field-booking = Booking
plugins-field-booked = Booked on
plugins-field-product = Product
plugins-field-postings = Posted
plugins-field-wallet = Wallet
plugins-field-active = Active
plugins-field-expires = Expires
plugins-field-next = Next tier
plugins-field-have = Has
plugins-field-need = Takes
plugins-field-unit = Unit
plugins-foresee = See beforehand
plugins-foresee-help = Plays the rule with these settings over past days, beside the one in force: points by month, tiers, and what it costs. Nothing is posted.
plugins-foresee-days = Over
plugins-last-days = the last { $days } days
plugins-foresee-do = Preview
plugins-end-routing = Cases from then on go to the default desk with the agency’s own times; those that are there stay where they are. It can be put back.
plugins-ended-routing = The rule is not asked; new cases go to the default desk. What is shown below is of the rule that stood before.
plugins-foreseen-cases = Of { $cases } past cases { $desks } would go to another desk, { $severities } would have another severity and { $deadlines } another deadline; overdue { $now } → { $then }.
