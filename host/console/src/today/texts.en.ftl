today-good-morning = Good morning, { $name }
today-good-afternoon = Good afternoon, { $name }
today-good-evening = Good evening, { $name }
today-waiting = { $count ->
    [0] Nothing needs you
    [one] { $count } thing needs you
   *[other] { $count } things need you
}
today-returning = { $count ->
    [one] { $count } customer returns today
   *[other] { $count } customers return today
}
today-booked = { $count ->
    [one] { $count } booking yesterday, { $amount }
   *[other] { $count } bookings yesterday, { $amount }
}
today-needs = What needs you
today-nothing = Nothing needs you
today-nothing-help = Approvals, tasks, alarms of rules and trouble with imports appear here.
today-more = { $count } more: { $kind }
today-due = due { $when }
today-trip-departs = Departing today
today-trip-returns = Returning today
today-nobody = Nobody.
today-travellers = { $count ->
    [one] { $count } traveller
   *[other] { $count } travellers
}
today-campaigns = Campaigns running
today-segments = Segments this week

today-kind-task = Task
today-kind-approval = Approval
today-kind-amendment = Amendment
today-kind-adjustment = Adjustment
today-kind-compensation = Compensation
today-kind-case = Case
today-kind-rule-fails = Rule
today-kind-campaign-fails = Campaign rule
today-kind-rule-went-back = Rule
today-kind-import = Import
today-kind-conflict = Profile
today-kind-webhook = Webhook
today-kind-job = Job

today-title-task = { $name }
today-title-approval = Campaign “{ $name }” waits for approval
today-title-amendment = Amendment { $count } of “{ $name }” waits for approval
today-title-adjustment = An adjustment for { $name } waits for approval
today-title-compensation = A compensation for case { $name } waits for approval
today-title-case = Case { $name } is due
today-title-rule-fails = Segmentation rule { $name } fails; its segments stay as they were
today-title-campaign-fails = Campaign rule { $name } fails
today-title-rule-went-back = Rule { $name } kept failing and went back to an earlier revision
today-title-import = { $name }: { $beside } rows landed, { $count } rejected
today-title-conflict = A record belongs to several customers: { $name }
today-title-webhook = { $name } was not told { $count } things
today-title-job = Job { $name } failed after { $count } attempts

today-do-task = Open
today-do-approval = Review
today-do-amendment = Compare
today-do-adjustment = Look
today-do-compensation = Look
today-do-case = Open
today-do-rule-fails = See log
today-do-campaign-fails = See log
today-do-rule-went-back = Open
today-do-import = Mend
today-do-conflict = Decide
today-do-webhook = Open
today-do-job = Open

today-who-task = Assigned to { $who }
today-who-approval = Submitted by { $who }
today-who-amendment = Proposed by { $who }
today-who-adjustment = Asked for by { $who }
today-who-compensation = Promised by { $who }

today-first = First steps
today-first-help = Your agency is new. This is how it comes to life; it goes away by itself.
today-first-customers = Bring your customers in
today-first-customers-help = Import a file from the system you use now, or add somebody by hand.
today-first-rule = Put a first rule into force
today-first-rule-help = A plugin sorts customers: by value, by stage, by interest. Whoever runs Posthouse finds the reference plugins in plugins/dist, as rfm.wasm; drop one among the plugins, then try it on your customers.
today-first-rule-next = A plugin is in. Try it on your customers, then put it into force.
today-first-campaign = Plan a first campaign
today-first-campaign-help = For whom, what they get, and what it may cost.
today-first-colleague = Invite a colleague
today-first-colleague-help = With a role that fits: what they may do, and what they see.
today-first-done = Done
today-first-open = Still to do
today-go-customers = Add a customer
today-go-imports = Import a file
today-go-rule = Plugins
today-go-segments = Try a rule
today-go-campaign = Plan
today-go-colleague = Invite
