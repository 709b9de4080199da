imports-tab-imports = Files
imports-tab-mappings = Mappings
imports-to-imports = Import a file
imports-refused = The file was not taken
imports-about = Rows are
imports-kind-bookings = Bookings
imports-kind-customers = Customers
imports-drop = Drop a file here, or choose one
imports-drop-help = Excel, ODS or CSV up to { $most }. You see how each column is understood before anything lands
imports-sending = Sending…
imports-if-unclear = Wrong characters, or several sheets?
imports-encoding = Encoding
imports-sheet = Sheet
imports-hidden = (hidden)
imports-none = No files yet
imports-none-help = Drop a table of bookings or customers above. You look at it first.
imports-file = File
imports-state = State
imports-landed = Landed
imports-known = Known already
imports-rejected = Rejected
imports-when = When
imports-left = { $count } to mend
imports-older = Older
imports-next = Next
imports-state-queued = Waiting
imports-state-running = Reading
imports-state-looked = To confirm
imports-state-to-mend = To mend
imports-state-done = Done
imports-state-failed = Failed
imports-state-ended = Ended
imports-doing-queued = Waiting for its turn
imports-doing-running = Reading row by row
imports-so-far = { $rows ->
    [one] { $rows } row
   *[other] { $rows } rows
 } read, { $percent }% of the file
imports-end = End
imports-may-leave = You may leave this page; it goes on.
imports-ended = Ended. Rows that have landed stay
imports-path = Where you are
imports-kept-until = kept until { $when }
imports-land = { $count ->
    [0] Import
    [one] Import { $count } row
   *[other] Import { $count } rows
 }
imports-cannot = The file cannot be read like this
imports-proposed = The headers are those of a mapping you keep:
imports-use = Use it
imports-gone = The file is not kept any longer; send it again to import it.
imports-would-land = Would land
imports-would-reject = Would be rejected
imports-of-rows = of { $rows ->
    [one] { $rows } row
   *[other] { $rows } rows
 }
imports-passed-over = { $count ->
    [one] { $count } total skipped
   *[other] { $count } totals skipped
 }
imports-cells-out = { $count ->
    [one] { $count } cell left out
   *[other] { $count } cells left out
 }
imports-customers = Customers
imports-new = { $count } new
imports-joined = { $count } updated
imports-bookings-new = bookings: { $new } new, { $changed } updated
imports-how = How it is read
imports-found = Found: { $what }
imports-by-itself = Automatic
imports-delimiter = Separator
imports-delimiter-comma = Comma
imports-delimiter-semicolon = Semicolon
imports-delimiter-tab = Tab
imports-delimiter-bar = Bar
imports-header-row = Headers in row
imports-dates = Dates
imports-dates-ymd-only = Year first
imports-dates-dmy = Day/month/year
imports-dates-mdy = Month/day/year
imports-dates-ymd = Year/month/day
imports-decimal = Amounts
imports-columns = What each column means
imports-by-mapping = Mapping:
imports-header = Header
imports-means = Field
imports-first-values = First values
imports-understood = Understood as
imports-no-header = (no header)
imports-left-out = Not imported
imports-own = Own field
imports-more-columns = { $count } more columns are not shown; a mapping file says what they mean.
imports-top = The first rows
imports-more = More: source, fixed values, words for statuses
imports-source = Source
imports-source-help = The system that the row ids come from; name it when two systems number their rows
imports-zone = Time zone
imports-constants = Values where a row has none
imports-no-constant = Choose a field
imports-value = Value
imports-words = Words for statuses
imports-word = Word in the file
imports-no-status = Means
imports-status-inquiry = Inquiry
imports-status-quote = Quote
imports-status-confirmed = Confirmed
imports-status-contracted = Contracted
imports-status-paid = Paid
imports-status-in-trip = In trip
imports-status-completed = Completed
imports-status-settled = Settled
imports-status-cancelled = Cancelled
imports-status-refunded = Refunded
imports-look-again = Look again
imports-keep = Keep this mapping
imports-name = Name
imports-keep-help = It is proposed for the next file with these headers
imports-kept = Kept as “{ $name }”
imports-stale = The file was read in another way meanwhile, and its columns are others. Look at them and choose again
imports-twice = Two columns are “{ $field }”; it can be one only
imports-groups-rejections = Why rows are rejected
imports-groups-warnings = Cells that are left out
imports-group = { $count ->
    [one] { $count } row
   *[other] { $count } rows
 }
imports-row = Row { $row }
imports-row-short = Row
imports-months = By month of booking
imports-month = Month
imports-rows = Rows
imports-amount = Amount
imports-other-months = Others
imports-total = Total
imports-mends = mends
imports-errors-csv = Rejected rows
imports-warnings-csv = Warnings
imports-sent-of = { $count } sent again
imports-parts = Parts
imports-part-overview = Overview
imports-part-rejects = To mend
imports-part-warnings = Left out
imports-masked = These rows show what your role does not see; somebody whose role does has to mend them.
imports-wrong = What is wrong
imports-ignored = Not imported:
imports-mend-help = Change cells, then send again. Rows you do not touch are not sent.
imports-all-rejects = Also those sent again
imports-nothing-to-mend = Nothing left to mend
imports-nothing-to-mend-help = Every rejected row was sent again.
imports-was-sent = Sent again
imports-as-it-is = Send as it is
imports-too-long = This row is too long to mend here; download the file.
imports-beyond = Beyond the headers
imports-send-again = Send again
imports-sent-again = { $count ->
    [one] { $count } row sent again
   *[other] { $count } rows sent again
 }
imports-mappings-none = No mappings yet
imports-mappings-none-help = While you look at a file, say what its columns mean and keep it. The next file with the same headers can use it.
imports-saved = Saved
imports-delete = Delete
imports-mapping-delete = Delete the mapping “{ $name }”
imports-mapping-delete-help = What was imported stays. Files with these headers are no longer recognised.
imports-mapping-deleted = The mapping is deleted
imports-field-external-id = Row id
imports-field-booking-id = Booking number
imports-field-customer-member-no = Member number
imports-field-customer-phone = Phone
imports-field-customer-email = E-mail
imports-field-customer-name = Customer
imports-field-booked-at = Booked on
imports-field-product = Product
imports-field-destination = Destination
imports-field-theme = Theme
imports-field-departs = Departure
imports-field-returns = Return
imports-field-travellers = Travellers
imports-field-amount = Amount
imports-field-cost = Cost
imports-field-currency = Currency
imports-field-amount-base = Amount in own currency
imports-field-status = Status
imports-field-channel = Channel
imports-field-member-no = Member number
imports-field-phone = Phone
imports-field-email = E-mail
imports-field-name = Name
imports-field-name-latin = Latin name
imports-field-kind = Kind
imports-field-gender = Gender
imports-field-birth-date = Date of birth
imports-field-home-city = Home city
imports-field-language = Language
imports-field-since = Customer since
imports-field-consent-marketing = Marketing consent
