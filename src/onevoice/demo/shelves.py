"""Readable English for the grocer's commonest product types, finer than the categories. Read by `groceries`.

Pairs `CODE = Name`, parted by `|`; where a code means nothing without its category it is written `CATEGORY > CODE`.
"""

SHELVES = """
FLUID MILK WHITE ONLY = Whole Milk | CHOCOLATE MILK = Chocolate Milk | REFRIGERATED COFFEE CREAMERS = Coffee Cream
MISCELLANEOUS MILK = Lactose-free Milk | BUTTERMILK = Buttermilk | EGG NOG/BOILED CUSTARD = Egg Nog
SOFT DRINKS 12/18&15PK CAN CAR = Cola Cans | SFT DRNK 2 LITER BTL CARB INCL = Orange Lemonade
SFT DRNK SNGL SRV BTL CARB (EX = Lemonade Bottle | SFT DRNK MLT-PK BTL CARB (EXCP = Cola Bottles
SOFT DRINKS 20PK&24PK CAN CARB = Lemonade Cans | SOFT DRINKS 6PK/4PK CAN CARB ( = Ginger Ale Cans
SOFT DRINK BOTTLE NON-CARB (EX = Still Lemonade | SOFT DRINKS CAN NON-CARB (EXCE = Iced Tea Cans
TEA SWEETENED = Sweet Iced Tea | ENERGY DRINK = Energy Drink | MIXERS(CLUB SODA/SELTZERS)FLAV = Tonic Water
YOGURT NOT MULTI-PACKS = Fruit Yoghurt | YOGURT MULTI-PACKS = Yoghurt Multipack | BANANAS = Bananas
SHREDDED CHEESE = Grated Cheese | IWS SINGLE CHEESE = Cheese Slices | CREAM CHEESE = Cream Cheese
NATURAL CHEESE EXACT WT CHUNKS = Cheddar Block | NATURAL CHEESE EXACT WT SLICES = Gouda Slices
STRING CHEESE = String Cheese | GRATED CHEESE = Parmesan | LOAF CHEESE = Cheese Loaf | RICOTTA CHEESE = Ricotta
NON-IWS SINGLE CHEESE = Sandwich Cheese | SOUR CREAMS = Sour Cream | COTTAGE CHEESE = Cottage Cheese
REFRIG DIPS = Chilled Dip | AEROSOL TOPPINGS = Whipped Cream | MARGARINE: TUBS AND BOWLS = Soft Margarine
MARGARINE  STICK = Baking Margarine | BUTTER = Butter | EGGS - LARGE = Large Eggs | EGGS - X-LARGE = Extra Large Eggs
EGGS - MEDIUM = Medium Eggs | EGGS - JUMBO = Giant Eggs | EGGS SUBSTITUTE = Egg Whites
MAINSTREAM WHITE BREAD = White Bread | MAINSTREAM WHEAT/MULTIGRAIN BR = Multigrain Bread
HAMBURGER BUNS = Burger Buns | HOT DOG BUNS = Hot Dog Buns | PREMIUM BREAD = Sourdough Bread | BAGELS = Bagels
RYE BREADS = Rye Bread | SANDWICH BUNS = Sandwich Buns | ENGLISH MUFFINS/WAFFLES = Breakfast Muffins
DIET/LIGHT BREAD = Light Bread | MAIN MEAL BREAD = Farmhouse Bread | DINNER ROLLS = Dinner Rolls
FRUIT/BREAKFAST BREAD = Raisin Bread | CANDY BARS (SINGLES)(INCLUDING = Chocolate Bar | CHEWING GUM = Chewing Gum
CANDY BARS (MULTI PACK) = Chocolate Bars | CANDY BAGS-CHOCOCLATE = Chocolate Sweets
CANDY BAGS-NON CHOCOLATE = Fruit Gums | MARSHMALLOWS = Marshmallows | MINTS CANDY & BREATH (NOT LIF = Mints
SEASONAL CANDY BAGS-CHOCOLATE = Chocolate Santas | GASOLINE-REG UNLEADED = Unleaded Petrol
POTATO CHIPS = Potato Crisps | TORTILLA/NACHO CHIPS = Tortilla Chips | SGL SV/VEND MACH SNACKS CHIP/P = Snack Pack
PRETZELS = Pretzels | CORN CHIPS = Corn Chips | BAGGED CHEESE SNACKS = Cheese Puffs
DIPS (NON-REFRIGERATED) = Salsa Dip | BAGGED POPPED POPCORN = Ready Popcorn
CANISTER POTATO/TORT CHIPS = Stacked Crisps | SNACK MIX = Snack Mix | POPCORN - MICROWAVE = Microwave Popcorn
SS ECONOMY ENTREES/DINNERS ALL = Frozen Pasta Dinner | FRZN SS PREMIUM ENTREES/DNRS/N = Frozen Lasagne
FRZN SS PREMIUM ENTREES/DNRS/T = Frozen Roast Dinner | FRZN MULTI SERVE ENTREES ALL = Frozen Family Dinner
FRZN BREADED PREPARED CHICK = Breaded Chicken Pieces | FRZN BAGGED VEGETABLES - PLAIN = Frozen Peas
FRZN BOXED VEGETABLES- VALUE A = Frozen Vegetable Mix | FRZN BAGGED VEGETABLES- VALUE = Frozen Stir-fry Mix
BEERALEMALT LIQUORS = Lager | KIDS CEREAL = Honey Cereal | ALL FAMILY CEREAL = Corn Flakes
ADULT CEREAL = Bran Flakes | CONDENSED SOUP = Condensed Tomato Soup | RTS SOUP: CHUNKY/HOMESTYLE ET = Vegetable Soup
BROTH = Chicken Broth | RAMEN NOODLES/RAMEN CUPS = Instant Noodles | DRY SOUP = Soup Mix | BOUILLON = Stock Cubes
SNACK CAKE - MULTI PACK = Snack Cakes | SWEET GOODS - FULL SIZE = Ring Cake | SW GDS:DONUTS = Doughnuts
DAIRY CASE 100% PURE JUICE - O = Orange Juice | DAIRY CASE JUICE DRNK UNDER 10 = Fruit Drink
DAIRY CASE FRUIT DRINKS (NO JU = Fruit Punch | DAIRY CASE TEA WITH SUGAR OR S = Lemon Iced Tea
TOILET TISSUE = Toilet Paper | PAPER TOWELS & HOLDERS = Kitchen Roll | FACIAL TISSUE & PAPER HANDKE = Paper Tissues
PAPER NAPKINS = Paper Napkins | POURABLE SALAD DRESSINGS = Salad Dressing | SEMI-SOLID SALAD DRESSING MAY = Mayonnaise
BEEF > PRIMAL = Beef Joint | BEEF > CHOICE BEEF = Sirloin Steak | BEEF > LEAN = Lean Minced Beef
BEEF > SELECT BEEF = Rump Steak | BEEF > PATTIES = Beef Burgers | BEEF > ANGUS = Angus Steak | BEEF > RIBS = Beef Ribs
BEEF > SOUP/STEW = Stewing Beef | PORK > ENHANCED = Pork Chops | PORK > RIBS = Pork Ribs
PORK > BUTTS = Pork Shoulder | CHICKEN BREAST BONELESS = Chicken Breast Fillets
CHICKEN BREAST BONE IN = Chicken Breast | CHICKEN WINGS = Chicken Wings | CHICKEN DRUMS = Chicken Drumsticks
CHICKEN THIGHS = Chicken Thighs | WHOLE CHICKEN (ROASTERS/FRYER) = Whole Chicken
BREAST - BONELESS(IQF) = Frozen Chicken Fillets | GROUND TURKEY = Turkey Mince | GRND/PATTY - FROZEN = Frozen Burgers
LUNCHMEAT > POULTRY = Sliced Turkey | LUNCHMEAT > BOLOGNA = Sliced Sausage | LUNCHMEAT > HAM = Sliced Ham
PEPPERONI/SALAMI = Salami | LUNCH COMBO = Lunch Box | MEAT: TURKEY BULK = Deli Turkey | MEAT:HAM BULK = Deli Ham
MEAT: LUNCHMEAT BULK = Deli Cold Cuts | MEAT: SAUS DRY BULK = Dry Sausage | MEAT: BEEF BULK = Deli Roast Beef
SOFT DRINK POWDER POUCHES = Squash Powder | SOFT DRINK CANISTERS = Squash Powder Tin
ICE CREAM/MILK/SHERBTS > PREMIUM = Vanilla Ice Cream | ICE CREAM/MILK/SHERBTS > TRADITIONAL = Strawberry Ice Cream
ICE CREAM/MILK/SHERBTS > PREMIUM PINTS = Caramel Ice Cream | SUPER PREMIUM PINTS = Chocolate Ice Cream
FROZEN PIZZA > SNACKS/APPETIZERS = Pizza Bites | SANDWICHES&HANDHELDS = Frozen Sandwiches | BURRITOS = Burritos
PIZZA/ECONOMY = Frozen Pizza Margherita | PIZZA/TRADITIONAL = Frozen Pizza Salami | PIZZA/PREMIUM = Stone-baked Pizza
BABY FOOD - BEGINNER = Baby Purée | BABY FOOD JUNIOR ALL BRANDS = Toddler Meal | BABY DIAPERS = Nappies
BABY WIPES = Baby Wipes | PASTA: CANNED = Tinned Pasta | CHILI: CANNED = Tinned Chilli
PASTA SAUCE > MAINSTREAM = Tomato Pasta Sauce | PASTA SAUCE > PREMIUM = Basil Pasta Sauce | SPAGHETTI DRY = Spaghetti
NOODLES DRY = Egg Noodles | MACARONI DRY = Macaroni | MACARONI & CHEESE DNRS = Macaroni and Cheese
SKILLET DINNERS = Pan Dinner Mix | STUFFING MIXES = Stuffing Mix | POTATOES RUSSET (BULK&BAG) = Baking Potatoes
POTATOES RED (BULK&BAG) = Red Potatoes | POTATOES OTHER = New Potatoes | POTATOES SWEET&YAMS = Sweet Potatoes
SPICES & SEASONINGS = Spice Mix | TABLE SALT POPCORN SALTICE C = Table Salt
ISOTONIC DRINKS SINGLE SERVE = Isotonic Drink | ASEPTIC PACK JUICE AND DRINKS = Apple Juice Cartons | SUGAR = Sugar
BLENDED JUICE&COMBINATIONS (OV = Multivitamin Juice | APPLE JUICE & CIDER (OVER 50% = Apple Juice
NON-CRBNTD DRNKING/MNERAL WATE = Still Water | SPRING WATER = Spring Water | DISTILLED WATER = Distilled Water
NON-CARB FLVRD DRNKNG/MNRL WAT = Flavoured Water | SALAD BAR FRESH FRUIT = Fresh Fruit Box
CANNED CAT FOOD (9 LIVES/FRISK = Cat Food Tin | CAN CATFD GOURMET/SUP PREM (GR = Cat Food Pâté
CAT TREATS = Cat Treats | DRY CAT FOOD (CAT CHOW/FRISKIE = Dry Cat Food
CAN DOG FOOD (SKIPPY/PEDIGREE/ = Dog Food Tin | STRAWBERRIES = Strawberries | BLUEBERRIES = Blueberries
RASPBERRIES = Raspberries | GRAPES RED = Red Grapes | GRAPES WHITE = White Grapes | FRUIT BOWL AND CUPS = Fruit Cups
ORANGES NAVELS ALL = Oranges | LEMONS = Lemons | GRAPEFRUIT = Grapefruit | CLEMENTINES = Clementines | LIMES = Limes
KIWI FRUIT = Kiwi | AVOCADO = Avocado | PEACHES YELLOW FLESH = Peaches | PLUMS = Plums | CHERRIES RED = Cherries
PEARS BARTLETT = Pears | MELON HALVES/QUARTERS = Half Melon | APPLES GALA (BULK&BAG) = Gala Apples
APPLES RED DELICIOUS (BULK&BAG = Red Apples | CANTALOUPE WHOLE = Cantaloupe Melon
APPLES GRANNY SMITH (BULK&BAG) = Green Apples | APPLES FUJI (BULK&BAG) = Fuji Apples
LIQUID LAUNDRY DETERGENTS = Washing Liquid | POWDER LAUNDRY DETERGENT = Washing Powder | LIQUID BLEACH = Bleach
LIQUID DISH DETERGENT = Washing-up Liquid | FABRIC SOFTENER LIQUID = Fabric Softener | ALUMINUM FOIL = Aluminium Foil
GARBAGE KITCHEN COMPACTOR BA = Kitchen Bin Bags | SANDWICH BAGS = Sandwich Bags | FREEZER BAGS = Freezer Bags
PLSTC CTLRYTBLCLTHSTTHPKSST = Picnic Cutlery | FOAM PLATES = Picnic Plates | PLASTIC CUPS = Picnic Cups
SPONGES: BATH HOUSEHOLD = Sponges | CHEESE CRACKERS (CHEEZ-ITS/GOL = Cheese Crackers | SNACK CRACKERS = Snack Crackers
COFFEE FILTERS = Coffee Filters | SOUP CRACKERS (SALTINE/OYSTER) = Salted Crackers
BUTTER SPRAY CRACKER (RITZ/CLU = Butter Crackers | BEANS GREEN: FS/WHL/CUT = Tinned Green Beans
TOMATOES: STEWED/DICED/CRMD = Chopped Tomatoes | PEAS GREEN = Tinned Peas
VEGETABLES - SHELF STABLE > CORN = Tinned Sweetcorn | TOMATO SAUCE = Tomato Passata | TOMATO PASTE = Tomato Purée
TOASTER PASTRIES = Toaster Pastries | FRUIT SNACKS = Fruit Snacks | GRANOLA BARS = Granola Bars
CEREAL BARS = Cereal Bars | RICE SIDE DISH MIXES DRY = Rice Mix | NOODLE SIDE DISH MIXES = Noodle Mix
POTATOES: DRY = Mashed Potato Powder | TUNA = Tinned Tuna | SALMON = Tinned Salmon
VARIETY BEANS - KIDNEY PINTO = Kidney Beans | PREPARED BEANS - BAKED W/PORK = Baked Beans
DINNER SAUSAGE > SMOKED/COOKED = Smoked Sausage | DINNER SAUSAGE > FRESH = Fresh Sausage
HEAD LETTUCE = Iceberg Lettuce | VARIETY LETTUCE = Romaine Lettuce | REGULAR GARDEN = Garden Salad
BLENDS = Leaf Salad Blend | GARDEN PLUS = Carrot Salad Mix | SALAD SPINACH = Spinach Salad | COLESLAW = Coleslaw Mix
PEANUT BUTTER = Peanut Butter | JELLY = Fruit Jelly | HONEY = Honey | PRESERVES JAM MARMALADE = Strawberry Jam
CARDS EVERYDAY = Greeting Card | CARDS SEASONAL = Season's Card | REFRIGERATED BISCUITS REGULAR = Chilled Scone Dough
WAFFLES/PANCAKES/FRENCH TOAST = Frozen Waffles | FRZN FRENCH FRIES = Frozen Chips
FRZN HASHBROWN POTATOES = Hash Browns | CARROTS MINI PEELED = Baby Carrots | ONIONS SWEET (BULK&BAG) = Sweet Onions
ONIONS WHITE (BULK&BAG) = White Onions | ONIONS YELLOW (BULK&BAG) = Yellow Onions | ONIONS RED (BULK&BAG) = Red Onions
ONIONS OTHER = Spring Onions | MEXICAN SAUCESSALSAPICANTEE = Salsa | CUCUMBERS = Cucumber | CELERY = Celery
CABBAGE = Cabbage | ASPARAGUS = Asparagus | RADISH = Radishes | BROCCOLI WHOLE&CROWNS = Broccoli
CAULIFLOWER WHOLE = Cauliflower | PEPPERS GREEN BELL = Green Peppers | PEPPERS RED BELL = Red Peppers
SQUASH ZUCCHINI = Courgettes | TOMATOES HOTHOUSE ON THE VINE = Vine Tomatoes
TOMATOES VINE RIPE BULK = Salad Tomatoes | TOMATOES GRAPE = Baby Plum Tomatoes
ROMA TOMATOES (BULK/PKG) = Plum Tomatoes | TOMATOES CHERRY = Cherry Tomatoes
MUSHROOMS PORTABELLA = Portobello Mushrooms | GROUND COFFEE = Ground Coffee | NON DAIRY CREAMER: DRY = Coffee Whitener
REGULAR BEAN = Coffee Beans | CATSUP = Ketchup | BBQ SAUCE = Barbecue Sauce | SALAD MUSTARD = Mustard
HOT SAUCE = Chilli Sauce | PICKLES = Gherkins | FRZN GARLIC BREAD/TOAST/STICKS = Garlic Bread
STICKS/ENROBED = Chocolate Ice Lollies | WATER ICE = Fruit Ice Lollies | NEWSPAPER = Newspaper
TV/MOVIE-MAGAZINE = Film Magazine | SHAMPOO = Shampoo | TOOTHPASTE = Toothpaste | BODY WASH = Shower Gel
HAIR CONDITIONERS AND RINSES = Hair Conditioner | BAR SOAP = Bar Soap | LIQUID SOAP = Liquid Soap
RAZORS AND BLADES = Razor Blades | LAYER CAKE MIX = Sponge Cake Mix | FROSTING = Cake Icing
MUFFIN & CORN BREAD MIX = Muffin Mix | BROWNIE MIX = Brownie Mix | SANDWICH COOKIES = Sandwich Biscuits
TRAY PACK/CHOC CHIP COOKIES = Chocolate Chip Cookies | GRAHAM CRACKERS = Digestive Biscuits
PUDDING&GELATIN CUPS/CANS = Chocolate Pudding | PUDDINGS DRY = Pudding Powder | INSTANT OATMEAL = Instant Porridge
VEGETABLE/SALAD OIL = Sunflower Oil | CANOLA OILS = Rapeseed Oil | OLIVE OIL = Olive Oil | GREEN OLIVES = Green Olives
ADULT ANALGESICS = Pain Relief Tablets | BREAD:ITALIAN/FRENCH = Baguette | COOKIES: REGULAR = Bakery Cookies
"""


def shelves() -> dict[str, str]:
    """The code of a product type, or `CATEGORY > CODE`, to its readable name."""
    pairs = (pair.partition(" = ") for line in SHELVES.strip().splitlines() for pair in line.split(" | "))
    return {code.strip(): name.strip() for code, _, name in pairs}
