customers-title = Customers
customers-count = { $count ->
    [one] { $count } customer
   *[other] { $count } customers
}
customers-search = Name, pinyin, phone or member number
customers-customer = Customer
customers-segments = Segments
customers-changed = Last changed
customers-nameless = No name
customers-none = No customers found
customers-none-help = Try part of a name, pinyin initials, or the last four digits of a phone number.
customers-move = move
customers-open = open
customers-more = More
