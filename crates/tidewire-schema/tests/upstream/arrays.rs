//! Arrays and what is in them.

use tidewire_state::{ArraySchema, Instance, MapSchema, Number, Schema};

use crate::World;

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Slot {
    name: String,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct Equipment {
    weapon: Option<Instance<Slot>>,
    bag: ArraySchema<Slot>,
}

#[derive(Schema, Clone, Debug, Default, PartialEq)]
#[schema(crate = "tidewire_state")]
struct State {
    list: ArraySchema<Number>,
    gear: MapSchema<Equipment>,
}

fn slot(name: &str) -> Slot {
    Slot { name: name.to_owned() }
}

#[test]
fn the_server_holds_what_was_put_in_front() {
    let mut world = World::new(State::default());
    world.state.list.extend([Number(1.0), Number(2.0)]);
    world.sync();
    world.state.list.remove(0);
    world.state.list.insert(0, Number(3.0));
    assert_eq!(world.state.list[0], Number(3.0));
    world.sync();
    world.join();
    assert_eq!(world.clients[1].state().list, [Number(3.0), Number(2.0)]);
}

#[test]
fn a_struct_may_go_from_a_field_to_an_array_and_back() {
    let mut world = World::new(State::default());
    let gear = Equipment { weapon: Some(Instance::new(slot("sword"))), bag: [slot("bow")].into() };
    world.state.gear.insert("ada", gear);
    world.sync();
    world.join();
    // Out of the field and into the bag, changed in the same tick.
    let ada = world.state.gear.get_mut("ada").unwrap();
    let mut sword = Instance::into_inner(ada.weapon.take().unwrap());
    sword.name.push_str(" of fire");
    ada.bag.push(sword);
    world.sync();
    let ada = world.state.gear.get_mut("ada").unwrap();
    let bow = ada.bag.remove(0);
    ada.weapon = Some(Instance::new(bow));
    ada.bag[0].name.push('!');
    world.sync();
    world.join();
    let ada = &world.clients[2].state().gear["ada"];
    assert_eq!(ada.bag, [slot("sword of fire!")]);
    assert_eq!(ada.weapon.as_ref().map(|weapon| weapon.name.as_str()), Some("bow"));
}

#[test]
fn clients_that_come_while_all_shifts_are_pending_go_on_with_patches() {
    let mut world = World::new(State::default());
    let bag = |from: usize, to: usize| (from..to).map(|n| slot(&n.to_string())).collect();
    world.state.gear.insert("ada", Equipment { weapon: None, bag: bag(0, 35) });
    for round in 0..5 {
        let ada = world.state.gear.get_mut("ada").unwrap();
        for _ in 0..6 {
            for mut slot in &mut ada.bag {
                slot.name.push('+');
            }
            ada.bag.remove(0);
        }
        if round % 2 == 0 {
            world.join();
        } else {
            world.sync();
        }
    }
    assert_eq!(world.clients.len(), 4);
    assert_eq!(world.clients[3].state().gear["ada"].bag.len(), 5);
}
