//! Other names of fields, as Chinese agencies and English exports write them. docs/imports.md lists them for users.

/// A field and its other names, with spaces between them, in the spelling of [`super::headers::plain`].
pub(super) type Synonyms = (&'static str, &'static str);

/// In files of bookings.
pub(super) const BOOKINGS: &[Synonyms] = &[
    ("external_id", "外部编号 流水号 记录号"),
    (
        "booking_id",
        "订单号 订单编号 订单id 预订号 预订编号 预定号 预定编号 单号 orderid orderno ordernumber bookingno bookingnumber",
    ),
    (
        "customer_member_no",
        "会员号 会员编号 会员卡号 会员卡 客户会员号 memberno memberid membernumber",
    ),
    (
        "customer_phone",
        "手机 手机号 手机号码 电话 电话号码 联系电话 联络电话 移动电话 客户手机 客户手机号 客户电话 联系人电话 联系人手机 phone phonenumber mobile mobilephone telephone",
    ),
    (
        "customer_email",
        "邮箱 电子邮箱 电子邮件 邮箱地址 客户邮箱 email emailaddress",
    ),
    (
        "customer_name",
        "姓名 客户姓名 客户名称 客户 客人姓名 联系人 联系人姓名 预订人 预定人 name customer",
    ),
    (
        "booked_at",
        "预订日期 预订时间 预定日期 预定时间 下单日期 下单时间 订单日期 订单时间 bookingdate bookedon orderdate orderedon",
    ),
    ("product", "产品 产品名称 线路 线路名称 商品 商品名称 productname"),
    ("destination", "目的地 旅游目的地 目的地城市"),
    ("theme", "主题 旅游主题 产品主题"),
    (
        "departs",
        "出发日期 出发时间 出团日期 出行日期 departure departuredate startdate",
    ),
    (
        "returns",
        "返回日期 返程日期 回程日期 回团日期 结束日期 returndate enddate",
    ),
    ("travellers", "人数 出行人数 出游人数 旅客人数 游客人数 travelers pax"),
    (
        "amount",
        "金额 订单金额 总金额 订单总额 总价 成交金额 orderamount totalamount",
    ),
    ("cost", "成本 成本价 成本金额"),
    ("currency", "币种 货币 币别"),
    ("amount_base", "本币金额 折合金额 折合本币"),
    ("status", "状态 订单状态 预订状态 orderstatus bookingstatus"),
    ("channel", "渠道 来源渠道 预订渠道 销售渠道 订单渠道"),
];

/// In files of customers.
pub(super) const CUSTOMERS: &[Synonyms] = &[
    ("external_id", "外部编号 流水号 记录号"),
    ("member_no", "会员号 会员编号 会员卡号 会员卡 memberid membernumber"),
    (
        "phone",
        "手机 手机号 手机号码 电话 电话号码 联系电话 联络电话 移动电话 客户手机 客户手机号 客户电话 phonenumber mobile mobilephone telephone",
    ),
    ("email", "邮箱 电子邮箱 电子邮件 邮箱地址 客户邮箱 emailaddress"),
    (
        "name",
        "姓名 客户姓名 客户名称 中文名 中文姓名 客户 fullname customername",
    ),
    ("name_latin", "英文名 英文姓名 拼音 姓名拼音 拼音姓名"),
    ("kind", "类型 客户类型 客户类别"),
    ("gender", "性别 sex"),
    ("birth_date", "生日 出生日期 出生年月日 birthday dateofbirth dob"),
    ("home_city", "城市 所在城市 居住城市 常住城市 居住地 city"),
    ("language", "语言 语种"),
    ("since", "注册日期 注册时间 入会日期 入会时间 建档日期 customersince"),
    (
        "consent_marketing",
        "接受营销 同意营销 是否接受营销 营销许可 接收优惠信息",
    ),
];
