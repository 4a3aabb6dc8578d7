"""Readable English for the grocer's product categories. Read by `groceries`.

One line holds an aisle and after it pairs `CODE = Name`, parted by `|`; the codes are the data set's own.
"""

AISLES = """
Drinks: SOFT DRINKS = Soft Drink | WATER - CARBONATED/FLVRD DRINK = Mineral Water | CANNED JUICES = Fruit Juice
Drinks: REFRGRATD JUICES/DRNKS = Chilled Juice | PWDR/CRYSTL DRNK MX = Drink Powder | ISOTONIC DRINKS = Isotonic Drink
Drinks: FRZN JCE CONC/DRNKS = Frozen Juice Concentrate | WATER = Spring Water | JUICE = Pressed Juice
Drinks: NEW AGE = Iced Tea Drink | BEVERAGE = Herbal Drink | SERVICE BEVERAGE = Counter Drink
Drinks: NON-DAIRY BEVERAGES = Oat Drink | NDAIRY/TEAS/JUICE/SOD = Tea Drink
Coffee and Tea: COFFEE = Coffee | TEAS = Tea | COCOA MIXES = Cocoa | DRY TEA/COFFEE/COCO MIX = Herbal Tea
Coffee and Tea: COFFEE FILTERS = Coffee Filters | COFFEE SHOP = Coffee to Go
Coffee and Tea: COFFEE SHOP SWEET GOODS&RETAIL = Coffee Corner Cake
Wine and Beer: BEERS/ALES = Beer | DOMESTIC WINE = Table Wine | IMPORTED WINE = Imported Wine
Wine and Beer: MISC WINE = Dessert Wine | LIQUOR = Herbal Liqueur
Dairy: FLUID MILK PRODUCTS = Milk | CHEESE = Cheese | YOGURT = Yoghurt | EGGS = Eggs | MILK BY-PRODUCTS = Sour Cream
Dairy: MARGARINES = Margarine | BUTTER = Butter | MISC. DAIRY = Chilled Dessert
Dairy: REFRIGERATED = Chilled Organic Yoghurt | CANNED MILK = Condensed Milk
Bakery: BAKED BREAD/BUNS/ROLLS = Bread | BREAD = Bakery Loaf | ROLLS = Bread Rolls | CAKES = Cake | PIES = Pie
Bakery: BREAKFAST SWEETS = Sweet Pastry | COOKIES = Bakery Cookies | BAKED SWEET GOODS = Snack Cakes
Bakery: SWEET GOODS & SNACKS = Sweet Bun | BAKERY PARTY TRAYS = Pastry Tray | MISCELLANEOUS CROUTONS = Croutons
Pantry: SOUP = Soup | VEGETABLES - SHELF STABLE = Tinned Vegetables | DRY NOODLES/PASTA = Pasta
Pantry: PASTA SAUCE = Pasta Sauce | DRY BN/VEG/POTATO/RICE = Rice | BEANS - CANNED GLASS & MW = Tinned Beans
Pantry: MEAT - SHELF STABLE = Tinned Meat | SEAFOOD - SHELF STABLE = Tinned Fish | FRUIT - SHELF STABLE = Tinned Fruit
Pantry: DINNER MXS:DRY = Dinner Mix | CONDIMENTS/SAUCES = Table Sauce | CONDIMENTS = Organic Sauce
Pantry: SALD DRSNG/SNDWCH SPRD = Salad Dressing | HISPANIC = Mexican Sauce | SPICES & EXTRACTS = Spices
Pantry: SHORTENING/OIL = Cooking Oil | OLIVES = Olives | PICKLE/RELISH/PKLD VEG = Pickles
Pantry: DRY SAUCES/GRAVY = Gravy Mix | PNT BTR/JELLY/JAMS = Jam | SUGARS/SWEETNERS = Sugar | FLOUR & MEALS = Flour
Pantry: BAKING MIXES = Cake Mix | BAKING NEEDS = Baking Ingredients | BAKING = Organic Flour
Pantry: SYRUPS/TOPPINGS = Dessert Syrup | MOLASSES/SYRUP/PANCAKE MIXS = Pancake Mix | DRY MIX DESSERTS = Pudding Mix
Pantry: PREPARED/PKGD FOODS = Organic Ready Meal | RESTRICTED DIET = Diet Food | BULK FOODS = Loose Grains
Pantry: FROZEN GROCERY = Grocery Special
Breakfast: COLD CEREAL = Breakfast Cereal | HOT CEREAL = Porridge Oats | CEREAL/BREAKFAST = Muesli
Breakfast: CONVENIENT BRKFST/WHLSM SNACKS = Cereal Bars | FRZN BREAKFAST FOODS = Frozen Waffles
Snacks: BAG SNACKS = Crisps | CRACKERS/MISC BKD FD = Crackers | COOKIES/CONES = Biscuits | SNACK NUTS = Roasted Nuts
Snacks: WAREHOUSE SNACKS = Snack Mix | POPCORN = Popcorn | NUTS = Nuts | RICE CAKES = Rice Cakes | SNACKS = Deli Snack
Snacks: CHIPS&SNACKS = Organic Crisps | SNKS/CKYS/CRKR/CNDY = Organic Biscuits | PACKAGED NATURAL SNACKS = Trail Mix
Snacks: DRIED FRUIT = Dried Fruit | FITNESS&DIET = Protein Bar
Sweets: CANDY - CHECKLANE = Chocolate Bar | CANDY - PACKAGED = Bag of Sweets
Frozen: FRZN MEAT/MEAT DINNERS = Frozen Ready Meal | FROZEN PIZZA = Frozen Pizza | FRZN POTATOES = Frozen Chips
Frozen: FRZN VEGETABLE/VEG DSH = Frozen Vegetables | ICE CREAM/MILK/SHERBTS = Ice Cream | FROZEN = Frozen Organic Meal
Frozen: FRZN NOVELTIES/WTR ICE = Ice Lollies | FROZEN PIE/DESSERTS = Frozen Dessert | FRZN FRUITS = Frozen Fruit
Frozen: FROZEN BREAD/DOUGH = Frozen Bread | FRZN ICE = Ice Cubes | FROZEN CHICKEN = Frozen Chicken
Frozen: FRZN SEAFOOD = Frozen Fish | FROZEN MEAT = Frozen Meat | REFRGRATD DOUGH PRODUCTS = Chilled Dough
Butcher: BEEF = Beef | CHICKEN = Chicken | PORK = Pork | TURKEY = Turkey | LAMB = Lamb | VEAL = Veal
Butcher: SMOKED MEATS = Smoked Ham | EXOTIC GAME/FOWL = Game | RW FRESH PROCESSED MEAT = Fresh Sausage
Butcher: LUNCHMEAT = Sliced Ham | BACON = Bacon | HOT DOGS = Frankfurters | DINNER SAUSAGE = Smoked Sausage
Butcher: BREAKFAST SAUSAGE/SANDWICHES = Breakfast Sausages | HEAT/SERVE = Heat and Serve Dinner
Butcher: MEAT - MISC = Meatballs | MEAT SUPPLIES = Meat Marinade | MISCELLANEOUS = Cold Cuts
Fish: SEAFOOD - FROZEN = Frozen Fillets | SEAFOOD-FRESH = Fresh Fish | SEAFOOD - MISC = Seafood Sauce
Fish: FROZEN - BOXED(GROCERY) = Fish Fingers | PKG.SEAFOOD MISC = Smoked Fish
Delicatessen: DELI MEATS = Deli Ham | CHEESES = Deli Cheese | SALADS/DIPS = Deli Salad | PREPARED FOOD = Deli Meal
Delicatessen: CHICKEN/POULTRY = Roast Chicken | SANDWICHES = Sandwich | SUSHI = Sushi | PARTY TRAYS = Party Tray
Delicatessen: DELI SPECIALTIES (RETAIL PK) = Deli Speciality | DELI SUPPLIES = Deli Box | SALAD BAR = Salad Bar Box
Delicatessen: CHEF SHOPPE = Chef's Meal | QUICK SERVICE = Hot Snack
Fruit: TROPICAL FRUIT = Bananas | APPLES = Apples | CITRUS = Oranges | BERRIES = Berries | GRAPES = Grapes
Fruit: STONE FRUIT = Peaches | MELONS = Melon | PEARS = Pears | VALUE ADDED FRUIT = Fruit Salad
Vegetables: VEGETABLES - ALL OTHERS = Garden Vegetables | SALAD MIX = Salad Mix | ONIONS = Onions
Vegetables: POTATOES = Potatoes | TOMATOES = Tomatoes | VEGETABLES SALAD = Lettuce | PEPPERS-ALL = Peppers
Vegetables: CARROTS = Carrots | CORN = Sweetcorn | BROCCOLI/CAULIFLOWER = Broccoli | MUSHROOMS = Mushrooms
Vegetables: HERBS = Fresh Herbs | SQUASH = Courgettes | ORGANICS FRUIT & VEGETABLES = Organic Vegetables
Vegetables: VALUE ADDED VEGETABLES = Cut Vegetables | PROCESSED = Salad Dressing | SEASONAL = Seasonal Vegetables
Vegetables: PROD SUPPLIES = Vegetable Box
Household: BATH TISSUES = Toilet Paper | PAPER TOWELS = Paper Towels | FACIAL TISS/DNR NAPKIN = Tissues
Household: FD WRAPS/BAGS/TRSH BG = Bin Bags | PAPER HOUSEWARES = Paper Plates | LAUNDRY DETERGENTS = Washing Liquid
Household: HOUSEHOLD CLEANG NEEDS = Household Cleaner | DISHWASH DETERGENTS = Washing-up Liquid | BLEACH = Bleach
Household: LAUNDRY ADDITIVES = Fabric Softener | AIR CARE = Air Freshener | BROOMS AND MOPS = Broom
Household: BATTERIES = Batteries | ELECTRICAL SUPPPLIES = Light Bulb | PLASTIC HOUSEWARES = Storage Box
Household: KITCHEN GADGETS = Kitchen Gadget | CANDLES/ACCESSORIES = Candle | HARDWARE SUPPLIES = Hardware
Household: COOKWARE & BAKEWARE = Baking Tin | DISPOSIBLE FOILWARE = Foil Trays | DOMESTIC GOODS = Tea Towel
Household: IRONING AND CHEMICALS = Ironing Spray | INSECTICIDES = Insect Spray
Household: CHARCOAL AND LIGHTER FLUID = Barbecue Charcoal | SEWING = Sewing Kit | GLASSWARE & DINNERWARE = Glasses
Household: HOME FREEZING & CANNING SUPPLY = Preserving Jars | HOME FURNISHINGS = Cushion
Household: PORTABLE ELECTRIC APPLIANCES = Small Appliance | PROPANE = Gas Bottle | BOTTLE DEPOSITS = Bottle Deposit
Household: DOLLAR VALUE PRODUCTS = Handy Household Item | J-HOOKS = Shelf Bargain | NON EDIBLE PRODUCTS = Eco Cleaner
Household: CONTINUITIES = Collector's Piece
Pets: CAT FOOD = Cat Food | DOG FOODS = Dog Food | PET CARE SUPPLIES = Pet Supplies | CAT LITTER = Cat Litter
Pets: BIRD SEED = Bird Seed
Baby: BABY FOODS = Baby Food | BABY HBC = Baby Wipes | DIAPERS & DISPOSABLES = Nappies | INFANT FORMULA = Infant Milk
Baby: INFANT CARE PRODUCTS = Baby Bottle | BABYFOOD = Organic Baby Food
Beauty: HAIR CARE PRODUCTS = Shampoo | MAKEUP AND TREATMENT = Make-up | BATH = Bath Foam | FRAGRANCES = Fragrance
Beauty: ORAL HYGIENE PRODUCTS = Toothpaste | SOAP - LIQUID & BAR = Soap | DEODORANTS = Deodorant | SUNTAN = Sun Cream
Beauty: SHAVING CARE PRODUCTS = Razor | HAND/BODY/FACIAL PRODUCTS = Hand Cream | HAIR CARE ACCESSORIES = Hair Clips
Beauty: COSMETIC ACCESSORIES = Make-up Brush | ETHNIC PERSONAL CARE = Hair Balm | FEMININE HYGIENE = Sanitary Towels
Beauty: PERSONAL CARE APPLIANCES = Hair Dryer | NATURAL HBC = Natural Cosmetics | MISCELLANEOUS HBC = Toiletries
Health: COLD AND FLU = Cold Remedy | ANALGESICS = Pain Relief | VITAMINS = Vitamins | ANTACIDS = Antacid
Health: FIRST AID PRODUCTS = Plasters | DIETARY AID PRODUCTS = Diet Shake | SINUS AND ALLERGY = Allergy Relief
Health: LAXATIVES = Fibre Supplement | EYE AND EAR CARE PRODUCTS = Eye Drops | ADULT INCONTINENCE = Care Pads
Health: FAMILY PLANNING = Family Planning | FOOT CARE PRODUCTS = Foot Care | GLASSES/VISION AIDS = Reading Glasses
Health: SMOKING CESSATIONS = Nicotine Gum | NATURAL VITAMINS = Natural Vitamins | HOME HEALTH CARE = Home Health Aid
Health: PHARMACY = Pharmacy Item
Kiosk: MAGAZINE = Magazine | NEWSPAPER = Newspaper | CIGARETTES = Tobacco | TOBACCO OTHER = Tobacco | CIGARS = Cigars
Kiosk: GREETING CARDS/WRAP/PARTY SPLY = Greeting Card | STATIONERY & SCHOOL SUPPLIES = Stationery | BOOKSTORE = Book
Kiosk: TOYS AND GAMES = Toy | TOYS = Toy | PREPAID WIRELESS&ACCESSORIES = Phone Top-up | TICKETS = Event Ticket
Kiosk: LONG DISTANCE CALLING CARDS = Calling Card | AUDIO/VIDEO PRODUCTS = Film on Disc
Kiosk: FILM AND CAMERA PRODUCTS = Camera Film | IN-STORE PHOTOFINISHING = Photo Prints
Kiosk: OVERNIGHT PHOTOFINISHING = Photo Prints | SPORTS MEMORABLILIA = Fan Scarf | WATCHES/CALCULATORS/LOBBY = Watch
Seasonal: CHRISTMAS  SEASONAL = Christmas Decoration | SPRING/SUMMER SEASONAL = Garden Party Item
Seasonal: EASTER = Easter Decoration | HALLOWEEN = Halloween Decoration | VALENTINE = Valentine Gift
Seasonal: FIREWORKS = Sparklers | FALL AND WINTER SEASONAL = Winter Decoration
Clothing: HOSIERY/SOCKS = Tights | APPAREL = T-Shirt | SHOE CARE = Shoe Polish
Flowers: FLORAL-FRESH CUT = Cut Flowers | FLORAL-FLOWERING PLANTS = Flowering Plant | ROSES = Roses
Flowers: FLORAL BALLOONS = Balloon | FLORAL- HARD GOODS = Flower Pot | FLORAL-FOLIAGE PLANTS = House Plant
Flowers: FLORAL-ACCESSORIES = Ribbon | GIFT & FRUIT BASKETS = Gift Basket | BOUQUET (NON ROSE) = Bouquet
Flowers: EASTER LILY = Easter Lily
Garden: GARDEN CENTER = Garden Plant | LAWN AND GARDEN SHOP = Garden Tool
Car: AUTOMOTIVE PRODUCTS = Car Care | FUEL = Unleaded Petrol
Services: COUPON/MISC ITEMS = Shop Service | COUPONS/STORE & MFG = Gift Voucher | COUPON = Gift Voucher
"""

FRESH = {"Butcher", "Fish", "Fruit", "Vegetables", "Delicatessen", "Flowers", "Garden", "Car", "Services", "Kiosk"}
"""Aisles whose goods carry no brand of a maker."""
LIQUID = {"Drinks", "Wine and Beer"}
"""Aisles where an ounce is one of volume."""


def categories() -> dict[str, tuple[str, str]]:
    """The code of a category to its aisle and readable name."""
    found: dict[str, tuple[str, str]] = {}
    for line in AISLES.strip().splitlines():
        aisle, _, pairs = line.partition(": ")
        for pair in pairs.split(" | "):
            code, _, name = pair.partition(" = ")
            found[code.strip()] = (aisle, name.strip())
    return found
